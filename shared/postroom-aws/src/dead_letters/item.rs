//! Dead letters as they are kept and read.

use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{DeadLetter, FailureClass, LetterHead, LetterStatus, StoreError};
use postroom::{RawEnvelope, sortable};

use crate::attributes::{Attributes, Reading, number, text};
use crate::keys::{
    ATTEMPTS, BODY, CAUSES, CHAIN, CLASS, CODE_VERSION, CORRELATION_ID, EDITED_AS, ENVELOPE,
    FINGERPRINT, FIRST_FAILED_AT, HANDLER, ID, LAST_FAILED_AT, MESSAGE_ID, OPEN, PARTS, QUEUE,
    REDRIVES, STATUS, TENANT_ID, TIME, TYPE,
};

/// The most bytes of a body in one item, of which DynamoDB takes 400 KB; the rest is room for what is known of it.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-21.
const PART_BYTES: usize = 300 * 1024;

/// What a letter may be without; parked again, it loses what it is without now.
pub(super) const OPTIONAL: [&str; 9] =
    [HANDLER, PARTS, ENVELOPE, EDITED_AS, MESSAGE_ID, TYPE, TENANT_ID, CORRELATION_ID, CHAIN];

/// An open dead letter as it is kept: itself, and as much of its body as fits. Redrives are counted in the table.
pub(crate) fn first_item(letter: &DeadLetter) -> Attributes {
    let parts = cut(&letter.body);
    let mut first = item(letter);
    first.insert(BODY.to_owned(), text(parts[0]));
    if parts.len() > 1 {
        first.insert(PARTS.to_owned(), number(u64::try_from(parts.len()).unwrap_or(u64::MAX)));
    }
    first
}

/// What of its body does not fit: an item for each further part.
pub(crate) fn further_parts(letter: &DeadLetter) -> Vec<Attributes> {
    let parts = cut(&letter.body).into_iter().enumerate().skip(1);
    let item = |(index, part): (usize, &str)| {
        let id = part_id(&letter.id, index);
        Attributes::from([(ID.to_owned(), text(id)), (BODY.to_owned(), text(part))])
    };
    parts.map(item).collect()
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
        (CODE_VERSION.to_owned(), text(&letter.code_version)),
        (STATUS.to_owned(), text(status(LetterStatus::Open))),
        (OPEN.to_owned(), text(letter.shard().to_string())),
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

/// The whole of it, but for further parts of its body.
pub(super) fn letter(item: &mut Reading) -> Result<DeadLetter, StoreError> {
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
        code_version: item.text(CODE_VERSION)?,
        status: item.nested(STATUS)?,
        redrives: item.optional_number(REDRIVES)?.unwrap_or(0),
        edited_as: item.optional_parsed(EDITED_AS)?,
    })
}

/// What the indexes keep of it.
pub(super) fn head(attributes: Attributes) -> Result<LetterHead, StoreError> {
    let mut item = Reading::of(attributes, "list dead letters");
    let causes: Vec<String> = item.nested(CAUSES)?;
    Ok(LetterHead {
        id: item.text(ID)?,
        queue: item.text(QUEUE)?,
        handler: item.optional_text(HANDLER)?,
        message_id: item.optional_parsed(MESSAGE_ID)?,
        r#type: item.optional_text(TYPE)?,
        tenant_id: item.optional_parsed(TENANT_ID)?,
        correlation_id: item.optional_parsed(CORRELATION_ID)?,
        reason: causes.join(": "),
        fingerprint: item.parsed(FINGERPRINT)?,
        class: item.nested(CLASS)?,
        attempts: item.optional_number(ATTEMPTS)?.unwrap_or(0),
        first_failed_at: item.parsed(FIRST_FAILED_AT)?,
        last_failed_at: item.parsed(LAST_FAILED_AT)?,
        code_version: item.text(CODE_VERSION)?,
        status: item.nested(STATUS)?,
        redrives: item.optional_number(REDRIVES)?.unwrap_or(0),
        edited_as: item.optional_parsed(EDITED_AS)?,
    })
}

/// The key of the `part`-th further part of a body, from 1.
pub(super) fn part_id(id: &str, part: usize) -> String {
    format!("{id}#body-{part}")
}

pub(super) fn status(status: LetterStatus) -> &'static str {
    match status {
        LetterStatus::Open => "open",
        LetterStatus::Redriven => "redriven",
        LetterStatus::Discarded => "discarded",
    }
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
