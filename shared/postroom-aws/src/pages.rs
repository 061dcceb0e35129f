//! Pages of a query: what was found, and the position to go on behind.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{Page, StoreError};

use crate::attributes::{Attributes, text};
use crate::classify::store_error;
use crate::keys::{CHAIN, CHAIN_INDEX, TIME};

/// Items of one page where the caller names no limit. A page also ends at 1 MB.
// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>,
// by its copy at docs.amazonaws.cn, read 2026-11-21.
pub(crate) const PAGE: i32 = 100;

/// Which items of a chain: by a table's `chain` index, from a position on.
#[derive(Debug)]
pub(crate) struct ChainQuery<'a> {
    pub(crate) client: &'a Client,
    pub(crate) table: &'a str,
    pub(crate) chain: String,
    pub(crate) after: Option<&'a str>,
    pub(crate) operation: &'static str,
}

impl ChainQuery<'_> {
    /// One page, read item by item. `time` is unique in a chain and therefore also the position.
    pub(crate) async fn page<T>(
        self,
        read: impl Fn(Attributes) -> Result<T, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        // Every position is greater than the empty one.
        let query = self
            .client
            .query()
            .table_name(self.table)
            .index_name(CHAIN_INDEX)
            .key_condition_expression("#chain = :chain AND #time > :after")
            .expression_attribute_names("#chain", CHAIN)
            .expression_attribute_names("#time", TIME)
            .expression_attribute_values(":chain", text(self.chain))
            .expression_attribute_values(":after", text(self.after.unwrap_or(" ")))
            .limit(PAGE);
        page_of(query, TIME, self.operation, read).await
    }
}

/// Runs a query for one page; `position` names the attribute that the next page goes on behind.
pub(crate) async fn page_of<T>(
    query: QueryFluentBuilder,
    position: &str,
    operation: &'static str,
    read: impl Fn(Attributes) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let found = query.send().await.map_err(|error| store_error(operation, error))?;
    let next = found.last_evaluated_key.and_then(|mut key| match key.remove(position)? {
        AttributeValue::S(position) | AttributeValue::N(position) => Some(position),
        _ => None,
    });
    let items = found.items.unwrap_or_default().into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}
