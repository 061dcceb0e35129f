//! Lists, by one query of a partition.

use postroom::port::{Item, Listing, Page, StoreError};

use crate::attributes::text;
use crate::keys::{PK, SK};
use crate::pages::page_of;
use crate::store::{DynamoStore, item};

/// Where among the ids that it asks for a listing begins.
enum Start<'a> {
    First,
    Behind(&'a str),
    End,
}

impl DynamoStore {
    /// One page of a partition.
    pub(super) async fn listed(&self, listing: &Listing) -> Result<Page<Item>, StoreError> {
        let partition = text(listing.partition.as_str());
        let mut query = self
            .clients
            .retrying
            .query()
            .table_name(&self.tables.state)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", partition.clone())
            .scan_index_forward(!listing.descending)
            .consistent_read(true)
            .limit(i32::try_from(listing.limit).unwrap_or(i32::MAX));
        // No value of a key may be empty, not even one to compare with.
        query = if listing.prefix.is_empty() {
            query.key_condition_expression("#pk = :pk")
        } else {
            query
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":prefix", text(&listing.prefix))
        };
        match start(listing) {
            Start::First => {}
            Start::Behind(after) => {
                query =
                    query.exclusive_start_key(PK, partition).exclusive_start_key(SK, text(after));
            }
            Start::End => return Ok(Page { items: Vec::new(), next: None }),
        }
        page_of(query, SK, "list items", item).await
    }
}

/// A start outside of what is asked for is refused by DynamoDB: all that begins so is on one side of it.
fn start(listing: &Listing) -> Start<'_> {
    let Some(after) = listing.after.as_deref() else { return Start::First };
    if after.starts_with(&listing.prefix) {
        return Start::Behind(after);
    }
    let is_before = after < listing.prefix.as_str();
    if is_before == listing.descending { Start::End } else { Start::First }
}
