//! The actions that publish.

use std::collections::BTreeSet;

use super::form::Form;
use super::xml::Xml;
use crate::sns::message::{MESSAGE_BYTES, Notification};
use crate::sns::{Sns, SnsError};

// The AWS SDKs' service model of SNS, as in botocore 1.43.11, read 2026-11-22.
const MOST_ENTRIES: usize = 10;
const ID_CHARACTERS: usize = 80;

pub(super) fn publish(sns: &Sns, form: &Form, trace_header: Option<&str>) -> Result<Xml, SnsError> {
    let arn = form.optional("TopicArn").or_else(|| form.optional("TargetArn"));
    let arn = arn.ok_or_else(|| SnsError::invalid("TopicArn", "it is missing"))?;
    let id = sns.publish(arn, notification(form, trace_header)?)?;
    Ok(Xml::elements([("MessageId", Xml::text(&id))]))
}

/// Each entry succeeds or fails for itself.
pub(super) fn publish_batch(
    sns: &Sns,
    form: &Form,
    trace_header: Option<&str>,
) -> Result<Xml, SnsError> {
    let arn = form.required("TopicArn")?;
    let entries = form.list("PublishBatchRequestEntries.member");
    let ids = ids(&entries)?;
    let read = entries.iter().map(|entry| notification(entry, trace_header));
    let read: Vec<_> = read.collect();
    let bytes = read.iter().flatten().map(Notification::bytes).sum();
    if bytes > MESSAGE_BYTES {
        return Err(SnsError::BatchRequestTooLong { bytes, limit: MESSAGE_BYTES });
    }
    // Of a topic that is not there no entry is anything.
    sns.lock().attributes(arn)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, published) in ids.into_iter().zip(read) {
        match published.and_then(|published| sns.publish(arn, published)) {
            Ok(message_id) => successful.push(Xml::elements([
                ("Id", Xml::text(&id)),
                ("MessageId", Xml::text(&message_id)),
            ])),
            Err(error) => failed.push(Xml::elements([
                ("Id", Xml::text(&id)),
                ("Code", Xml::text(error.wire().1)),
                ("Message", Xml::text(&error)),
                ("SenderFault", Xml::text(&true)),
            ])),
        }
    }
    Ok(Xml::elements([("Successful", Xml::members(successful)), ("Failed", Xml::members(failed))]))
}

fn notification(form: &Form, trace_header: Option<&str>) -> Result<Notification, SnsError> {
    if form.optional("MessageStructure").is_some() {
        return Err(SnsError::invalid("MessageStructure", "it is not here: there is one protocol"));
    }
    let optional = |name: &str| form.optional(name).map(str::to_owned);
    Ok(Notification {
        message: form.required("Message")?.to_owned(),
        subject: optional("Subject"),
        attributes: form.message_attributes()?,
        group: optional("MessageGroupId"),
        deduplication_id: optional("MessageDeduplicationId"),
        trace_header: trace_header.map(str::to_owned),
    })
}

/// The entries' ids, if the batch as a whole is permitted.
fn ids(entries: &[Form]) -> Result<Vec<&str>, SnsError> {
    if entries.is_empty() {
        return Err(SnsError::EmptyBatchRequest);
    }
    if entries.len() > MOST_ENTRIES {
        let entries = entries.len();
        return Err(SnsError::TooManyEntriesInBatchRequest { entries, limit: MOST_ENTRIES });
    }
    let ids = entries.iter().map(|entry| entry.required("Id")).collect::<Result<Vec<_>, _>>()?;
    let mut seen = BTreeSet::new();
    for &id in &ids {
        let permitted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=ID_CHARACTERS).contains(&id.len()) || !id.chars().all(permitted) {
            return Err(SnsError::InvalidBatchEntryId { id: id.to_owned() });
        }
        if !seen.insert(id) {
            return Err(SnsError::BatchEntryIdsNotDistinct { id: id.to_owned() });
        }
    }
    Ok(ids)
}
