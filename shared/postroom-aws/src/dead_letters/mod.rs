//! Dead letters on DynamoDB.

mod item;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
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

use item::{OPTIONAL, head, letter, part_id, status};
pub(crate) use item::{first_item, further_parts};

const READ: &str = "read a dead letter";
const PARK: &str = "park a dead letter";

/// Keeps dead letters in their table.
#[derive(Debug, Clone)]
pub struct DynamoDeadLetters {
    client: Client,
    table: String,
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

/// The change that writes the letter of a run that is given up, as part of a transaction. Its further parts are there.
pub(crate) fn parking(letter: &DeadLetter) -> Change {
    let seen = if letter.redrives == 0 {
        "attribute_not_exists(#redrives) OR #redrives = :seen"
    } else {
        "#redrives = :seen"
    };
    let condition = Change::if_true(seen).name(REDRIVES).value(":seen", number(letter.redrives));
    replacing(letter, condition)
}

/// The change by which a letter replaces what was under its id. Its redrives stay counted.
fn replacing(letter: &DeadLetter, condition: Change) -> Change {
    let item = first_item(letter);
    let absent = OPTIONAL.iter().filter(|name| !item.contains_key(**name));
    let change = absent.fold(condition, |change, name| change.remove(name));
    // In one order: sent again under its token, a transaction has to be the same to the letter.
    let of_letter: BTreeMap<_, _> = item.into_iter().filter(|(name, _)| name != ID).collect();
    of_letter.into_iter().fold(change, |change, (name, value)| change.set(&name, value))
}

impl DynamoDeadLetters {
    /// The dead letters in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Writes a letter over what the condition permits, and answers whether it did.
    async fn write(&self, letter: &DeadLetter, condition: Change) -> Result<bool, StoreError> {
        // The letter itself last: where it is, all of its body is.
        self.put_further_parts(letter).await?;
        let change = replacing(letter, condition);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_of(&letter.id)))
            .update_expression(change.expression())
            .set_condition_expression(change.condition())
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

    async fn put_further_parts(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        for part in further_parts(letter) {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(part));
            put.send().await.map_err(|error| store_error(PARK, error))?;
        }
        Ok(())
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
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.put_further_parts(letter))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        let undecided = Change::if_true("attribute_not_exists(#id) OR attribute_exists(#open)");
        Box::pin(self.write(letter, undecided.name(ID).name(OPEN)))
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
