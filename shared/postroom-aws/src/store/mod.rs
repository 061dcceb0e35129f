//! State on DynamoDB, and the one call that writes a transaction.

mod actions;
mod list;
mod live;
mod many;
mod outcome;

use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{BoxFuture, Key, LiveItem, LiveShard, Partition, Transaction};

use crate::attributes::{Attributes, Reading, text};
use crate::aws::DynamoClients;
use crate::classify::store_error;
use crate::keys::{DATA, HEAD, LIVE, PK, SK, Tables, VERSION};

/// Reads the state table, and commits to all four.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    clients: DynamoClients,
    tables: Tables,
}

impl DynamoStore {
    /// State in these tables.
    pub fn new(clients: DynamoClients, tables: Tables) -> Self {
        Self { clients, tables }
    }

    /// One `TransactWriteItems`, sent once: whether to send it again is decided where its outcome is settled.
    ///
    /// Sent again it is built again. Its actions keep their order; the attributes of an item do not, as the SDK keeps
    /// them in a `HashMap` and writes them in its order. DynamoDB promises to refuse a token "with a change in other
    /// parameters", and does not say whether order is one. By one user's report AWS does not mind the order, while
    /// `LocalStack` did; DynamoDB Local refused identical requests at random. Not tried against AWS here.
    // `aws-sdk-dynamodb` 1.136.0 (`TransactWriteItemsInput`, `protocol_serde/shape_put.rs`),
    // <https://github.com/localstack/localstack/issues/6529>, <https://github.com/aws/aws-sdk/issues/413>,
    // read 2026-11-21.
    async fn write(&self, tx: &Transaction) -> Result<(), CommitError> {
        let actions =
            actions::of(tx, &self.tables).map_err(|source| CommitError::Store { source })?;
        let call = self
            .clients
            .once
            .transact_write_items()
            .client_request_token(tx.token().to_string())
            .set_transact_items(Some(actions));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(outcome::of(error, tx)),
        }
    }
}

impl Store for DynamoStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            let get = self.clients.retrying.get_item().table_name(&self.tables.state);
            let get = get.set_key(Some(key_of(key))).consistent_read(true);
            let found = get.send().await.map_err(|error| store_error("read an item", error))?;
            found.item.map(item).transpose()
        })
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        Box::pin(self.items_at(keys))
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        Box::pin(self.listed(listing))
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        Box::pin(self.live_items(shard, after))
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(self.write(tx))
    }
}

pub(crate) fn key_of(key: &Key) -> Attributes {
    Attributes::from([
        (PK.to_owned(), text(key.partition.as_str())),
        (SK.to_owned(), text(&key.id)),
    ])
}

fn item(attributes: Attributes) -> Result<Item, StoreError> {
    let mut item = Reading::of(attributes, "read an item");
    let partition = Partition::from_stored(item.text(PK)?);
    Ok(Item {
        key: Key { partition, id: item.text(SK)? },
        version: item.optional_number(VERSION)?.unwrap_or(0),
        head: item.optional_number(HEAD)?.unwrap_or(0),
        live: item.optional_text(LIVE)?.map(LiveShard::from_stored),
        data: item.nested(DATA)?,
    })
}

/// JSON in DynamoDB's own types.
fn native(data: &serde_json::Value) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(data).map_err(|error| StoreError::Refused {
        operation: "write an item",
        source: Box::new(error),
    })
}
