//! Dead letters on DynamoDB.

mod item;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use postroom::port::{
    DeadLetter, DeadLetters, LetterFile, LetterHead, LetterStatus, Page, StoreError,
};
use postroom::{BoxFuture, CorrelationId, LetterChange, TenantId};

use crate::attributes::{Attributes, Reading, number, text};
use crate::change::Change;
use crate::classify::store_error;
use crate::keys::{BODY, EDITED_AS, ID, OPEN, OPEN_INDEX, PARTS, REDRIVES, STATUS, TIME};
use crate::pages::{ChainQuery, PAGE, page_of};

pub(crate) use item::items;
use item::{OPTIONAL, head, letter, part_id, status};

const READ: &str = "read a dead letter";
const PARK: &str = "park a dead letter";

/// Keeps dead letters in their table.
#[derive(Debug, Clone)]
pub struct DynamoDeadLetters {
    client: Client,
    table: String,
}

/// What a letter may replace.
#[derive(Debug, Clone, Copy)]
enum Over {
    Whatever,
    NotOpen,
}

/// The key of a letter.
pub(crate) fn key_of(id: &str) -> Attributes {
    Attributes::from([(ID.to_owned(), text(id))])
}

/// The change that decides about a letter, as part of a transaction.
pub(crate) fn decision(change: &LetterChange) -> Change {
    let redrives = u64::from(change.status == LetterStatus::Redriven);
    let edited_as = change.edited_as.map(|message| text(message.to_string()));
    Change::if_true("attribute_exists(#open) AND #time = :position")
        .name(TIME)
        .value(":position", text(&change.position))
        .set(STATUS, text(status(change.status)))
        .set_to(REDRIVES, "if_not_exists(#redrives, :none) + :more")
        .value(":none", number(0_u64))
        .value(":more", number(redrives))
        .set_or_remove(EDITED_AS, edited_as)
        .remove(OPEN)
}

impl DynamoDeadLetters {
    /// The dead letters in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Writes a letter over what it may replace, and answers whether it did.
    async fn write(&self, letter: &DeadLetter, over: Over) -> Result<bool, StoreError> {
        let mut items = items(letter);
        // The letter itself last: where it is, all of its body is.
        for part in items.drain(1..) {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(part));
            put.send().await.map_err(|error| store_error(PARK, error))?;
        }
        let item = items.remove(0);
        // One call for all but those that were redriven before.
        Ok(self.put(item.clone(), over).await? || self.update(&letter.id, item, over).await?)
    }

    /// Puts a letter that was never redriven.
    async fn put(&self, item: Attributes, over: Over) -> Result<bool, StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.expression_attribute_names("#redrives", REDRIVES);
        let put = match over {
            Over::Whatever => put.condition_expression("attribute_not_exists(#redrives)"),
            Over::NotOpen => put
                .condition_expression(
                    "attribute_not_exists(#open) AND attribute_not_exists(#redrives)",
                )
                .expression_attribute_names("#open", OPEN),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(PARK, error)),
            },
        }
    }

    /// Updates one that was: its redrives stay counted, and all else is replaced.
    async fn update(&self, id: &str, mut item: Attributes, over: Over) -> Result<bool, StoreError> {
        item.remove(ID);
        let condition = match over {
            Over::Whatever => Change::if_true("attribute_exists(#redrives)").name(REDRIVES),
            Over::NotOpen => Change::if_true("attribute_not_exists(#open)"),
        };
        let absent = OPTIONAL.iter().filter(|name| !item.contains_key(**name));
        let change = absent.fold(condition, |change, name| change.remove(name));
        let change =
            item.iter().fold(change, |change, (name, value)| change.set(name, value.clone()));
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_of(id)))
            .update_expression(change.expression())
            .condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(PARK, error)),
            },
        }
    }

    async fn get(&self, id: &str) -> Result<Option<Attributes>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key_of(id)));
        let found = get.consistent_read(true).send().await;
        found.map(|found| found.item).map_err(|error| store_error(READ, error))
    }

    async fn read(&self, attributes: Attributes) -> Result<DeadLetter, StoreError> {
        let mut item = Reading::of(attributes, READ);
        let parts: usize = item.optional_number(PARTS)?.unwrap_or(1);
        let mut letter = letter(&mut item)?;
        for part in 1..parts {
            let id = part_id(&letter.id, part);
            let found = self.get(&id).await?.ok_or_else(|| item.corrupt(&id, &"is missing"))?;
            letter.body += &Reading::of(found, READ).text(BODY)?;
        }
        Ok(letter)
    }
}

impl DeadLetters for DynamoDeadLetters {
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if self.write(letter, Over::Whatever).await? {
                return Ok(());
            }
            // It was redriven when it was put, and not when it was updated: nobody takes letters away but by hand.
            let source = format!("{} was removed while it was parked", letter.id).into();
            Err(StoreError::Unavailable { operation: PARK, source })
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(async move {
            match self.get(id).await? {
                // A part of a body is no letter.
                Some(found) if found.contains_key(STATUS) => self.read(found).await.map(Some),
                _ => Ok(None),
            }
        })
    }
}

impl LetterFile for DynamoDeadLetters {
    fn collect<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            // Looked at before its parts are written: those of a letter that stays are left alone.
            match self.get(&letter.id).await? {
                Some(found) if found.contains_key(OPEN) => Ok(false),
                _ => self.write(letter, Over::NotOpen).await,
            }
        })
    }

    fn open<'a>(
        &'a self,
        shard: u8,
        before: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(OPEN_INDEX)
            .key_condition_expression("#open = :shard AND #time < :before")
            .expression_attribute_names("#open", OPEN)
            .expression_attribute_names("#time", TIME)
            .expression_attribute_values(":shard", text(shard.to_string()))
            // `~` follows every digit: behind all times.
            .expression_attribute_values(":before", text(before.unwrap_or("~")))
            .scan_index_forward(false)
            .limit(PAGE);
        Box::pin(page_of(query, TIME, "list open dead letters", head))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        let query = ChainQuery {
            client: &self.client,
            table: &self.table,
            chain: correlation_id.key(tenant),
            after,
            operation: "read the dead letters of a chain",
        };
        Box::pin(query.page(head))
    }
}
