//! Dead letters on DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{DeadLetter, DeadLetters, FailureClass, StoreError};
use postroom::{BoxFuture, RawEnvelope, sortable};

use crate::attributes::{Attributes, Reading, number, text};
use crate::classify::store_error;
use crate::keys::{
    ATTEMPTS, BODY, CAUSES, CHAIN, CLASS, CORRELATION_ID, ENVELOPE, FINGERPRINT, FIRST_FAILED_AT,
    HANDLER, ID, LAST_FAILED_AT, MESSAGE_ID, PARTS, QUEUE, TENANT_ID, TIME, TYPE,
};

/// The most bytes of a body in one item, of which DynamoDB takes 400 KB; the rest is room for what is known of it.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
const PART_BYTES: usize = 300 * 1024;
const READ: &str = "read a dead letter";

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

    async fn put(&self, item: Attributes) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let parked = put.send().await;
        parked.map(drop).map_err(|error| store_error("park a dead letter", error))
    }

    async fn get(&self, id: &str) -> Result<Option<Attributes>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).key(ID, text(id));
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
            let mut items = items(letter);
            // The letter itself last: where it is, all of its body is.
            while let Some(item) = items.pop() {
                self.put(item).await?;
            }
            Ok(())
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(async move {
            match self.get(id).await? {
                None => Ok(None),
                Some(found) => self.read(found).await.map(Some),
            }
        })
    }
}

/// A dead letter as it is kept: itself, and then what of its body does not fit.
pub(crate) fn items(letter: &DeadLetter) -> Vec<Attributes> {
    let parts = cut(&letter.body);
    let mut first = item(letter);
    first.insert(BODY.to_owned(), text(parts[0]));
    if parts.len() > 1 {
        first.insert(PARTS.to_owned(), number(u64::try_from(parts.len()).unwrap_or(u64::MAX)));
    }
    let further = parts[1..].iter().enumerate().map(|(index, part)| {
        let id = part_id(&letter.id, index + 1);
        Attributes::from([(ID.to_owned(), text(id)), (BODY.to_owned(), text(*part))])
    });
    std::iter::once(first).chain(further).collect()
}

/// All of it but the body.
fn item(letter: &DeadLetter) -> Attributes {
    let causes = letter.causes.iter().map(text).collect();
    let mut attributes = Attributes::from([
        (ID.to_owned(), text(&letter.id)),
        (QUEUE.to_owned(), text(&letter.queue)),
        (CAUSES.to_owned(), AttributeValue::L(causes)),
        (FINGERPRINT.to_owned(), text(letter.fingerprint.to_string())),
        (CLASS.to_owned(), text(class(letter.class))),
        (ATTEMPTS.to_owned(), number(letter.attempts)),
        (FIRST_FAILED_AT.to_owned(), text(sortable(letter.first_failed_at))),
        (LAST_FAILED_AT.to_owned(), text(sortable(letter.last_failed_at))),
        (TIME.to_owned(), text(letter.position())),
    ]);
    let mut put = |name: &str, value: String| attributes.insert(name.to_owned(), text(value));
    if let Some(handler) = &letter.handler {
        put(HANDLER, handler.clone());
    }
    if let Some(envelope) = &letter.envelope {
        put(ENVELOPE, envelope.to_body());
        // Once more, by themselves: what letters are searched for.
        put(MESSAGE_ID, envelope.id.to_string());
        put(TYPE, envelope.r#type.clone());
        put(TENANT_ID, envelope.tenant_id.to_string());
        put(CORRELATION_ID, envelope.correlation_id.to_string());
        put(CHAIN, envelope.correlation_id.key(&envelope.tenant_id));
    }
    attributes
}

fn letter(item: &mut Reading) -> Result<DeadLetter, StoreError> {
    let envelope = item.optional_text(ENVELOPE)?.map(|body| RawEnvelope::parse(&body));
    Ok(DeadLetter {
        id: item.text(ID)?,
        queue: item.text(QUEUE)?,
        handler: item.optional_text(HANDLER)?,
        body: item.text(BODY)?,
        envelope: envelope.transpose().map_err(|error| item.corrupt(ENVELOPE, &error))?,
        causes: item.nested(CAUSES)?,
        fingerprint: item.parsed(FINGERPRINT)?,
        class: item.nested(CLASS)?,
        attempts: item.optional_number(ATTEMPTS)?.unwrap_or(0),
        first_failed_at: item.parsed(FIRST_FAILED_AT)?,
        last_failed_at: item.parsed(LAST_FAILED_AT)?,
    })
}

/// The key of the `part`-th further part of a body, from 1.
fn part_id(id: &str, part: usize) -> String {
    format!("{id}#body-{part}")
}

/// A body in parts that fit an item each; one part at least.
fn cut(body: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = body;
    while rest.len() > PART_BYTES {
        let (part, behind) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

fn class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Permanent => "permanent",
        FailureClass::Exhausted => "exhausted",
    }
}
