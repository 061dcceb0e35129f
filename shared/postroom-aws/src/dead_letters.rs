//! Dead letters on DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{DeadLetter, DeadLetters, StoreError};
use postroom::{BoxFuture, sortable};

use crate::attributes::{Attributes, Reading, number, text};
use crate::classify::store_error;
use crate::keys::{
    ATTEMPTS, BODY, CHAIN, CORRELATION_ID, HANDLER, ID, MESSAGE_ID, PARKED_AT, PERMANENT, REASON,
    TENANT_ID, TIME, TYPE,
};

/// Keeps dead letters in their table.
#[derive(Debug, Clone)]
pub struct DynamoDeadLetters {
    client: Client,
    table: String,
}

impl DynamoDeadLetters {
    /// The dead letters in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl DeadLetters for DynamoDeadLetters {
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let put = self.client.put_item().table_name(&self.table).set_item(Some(item(letter)));
            let parked = put.send().await;
            parked.map(drop).map_err(|error| store_error("park a dead letter", error))
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(async move {
            let get = self.client.get_item().table_name(&self.table).key(ID, text(id));
            let found = get.consistent_read(true).send().await;
            let found = found.map_err(|error| store_error("read a dead letter", error))?;
            found.item.map(letter).transpose()
        })
    }
}

/// A dead letter as it is kept.
pub(crate) fn item(letter: &DeadLetter) -> Attributes {
    let mut attributes = Attributes::from([
        (ID.to_owned(), text(&letter.id)),
        (HANDLER.to_owned(), text(&letter.handler)),
        (BODY.to_owned(), text(&letter.body)),
        (REASON.to_owned(), text(&letter.reason)),
        (PERMANENT.to_owned(), AttributeValue::Bool(letter.permanent)),
        (ATTEMPTS.to_owned(), number(letter.attempts)),
        (PARKED_AT.to_owned(), text(sortable(letter.parked_at))),
        (TIME.to_owned(), text(letter.position())),
    ]);
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), text(value));
        }
    };
    put(MESSAGE_ID, letter.message_id.map(|id| id.to_string()));
    put(TYPE, letter.r#type.clone());
    put(TENANT_ID, letter.tenant_id.as_ref().map(ToString::to_string));
    put(CORRELATION_ID, letter.correlation_id.as_ref().map(ToString::to_string));
    let chain = letter.tenant_id.as_ref().zip(letter.correlation_id.as_ref());
    put(CHAIN, chain.map(|(tenant, correlation_id)| correlation_id.key(tenant)));
    attributes
}

fn letter(attributes: Attributes) -> Result<DeadLetter, StoreError> {
    let mut item = Reading::of(attributes, "read a dead letter");
    Ok(DeadLetter {
        id: item.text(ID)?,
        handler: item.text(HANDLER)?,
        body: item.text(BODY)?,
        reason: item.text(REASON)?,
        permanent: item.nested(PERMANENT)?,
        attempts: item.optional_number(ATTEMPTS)?.unwrap_or(0),
        parked_at: item.parsed(PARKED_AT)?,
        message_id: item.optional_parsed(MESSAGE_ID)?,
        r#type: item.optional_text(TYPE)?,
        tenant_id: item.optional_parsed(TENANT_ID)?,
        correlation_id: item.optional_parsed(CORRELATION_ID)?,
    })
}
