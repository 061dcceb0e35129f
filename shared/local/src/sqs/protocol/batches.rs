//! The actions on up to ten messages: each entry succeeds or fails for itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Call;
use super::messages::{Acknowledgement, OutgoingMessage, visibility_timeout};
use crate::sqs::arn::queue_of_url;
use crate::sqs::message::{Draft, MESSAGE_BYTES};
use crate::sqs::{Sqs, SqsError};

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21.
const MOST_ENTRIES: usize = 10;
const ID_CHARACTERS: usize = 80;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request<T> {
    queue_url: String,
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    content: T,
}

pub(super) fn send(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    let request: Request<OutgoingMessage> = call.read()?;
    let (queue, entries) = request.checked()?;
    let drafts = entries.into_iter().map(|(id, message)| (id, message.into_draft(call.caller)));
    let drafts: Vec<_> = drafts.collect();
    let bytes = drafts.iter().flat_map(|(_, draft)| draft).map(Draft::bytes).sum();
    if bytes > MESSAGE_BYTES {
        return Err(SqsError::BatchRequestTooLong { bytes, limit: MESSAGE_BYTES });
    }
    sqs.change(|queues, now| {
        let queue = queues.get_mut(&queue)?;
        Ok(each(drafts, |draft| {
            let draft = draft?;
            let acknowledgement = Acknowledgement::of(&draft);
            let sent = queue.send(draft, Uuid::now_v7(), now)?;
            Ok(acknowledgement.with(&sent))
        }))
    })
}

pub(super) fn delete(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Receipt {
        receipt_handle: String,
    }

    let request: Request<Receipt> = call.read()?;
    let (queue, entries) = request.checked()?;
    sqs.change(|queues, now| {
        let queue = queues.get_mut(&queue)?;
        Ok(each(entries, |receipt| {
            queue.delete(&receipt.receipt_handle, now)?;
            Ok(json!({}))
        }))
    })
}

pub(super) fn change_visibility(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Receipt {
        receipt_handle: String,
        #[serde(default)]
        visibility_timeout: i64,
    }

    let request: Request<Receipt> = call.read()?;
    let (queue, entries) = request.checked()?;
    sqs.change(|queues, now| {
        let queue = queues.get_mut(&queue)?;
        Ok(each(entries, |receipt| {
            let timeout = visibility_timeout(receipt.visibility_timeout)?;
            queue.change_visibility(&receipt.receipt_handle, timeout, now)?;
            Ok(json!({}))
        }))
    })
}

impl<T> Request<T> {
    /// The queue and the entries by id, unless the batch is wrong as a whole.
    fn checked(self) -> Result<(String, Vec<(String, T)>), SqsError> {
        if self.entries.is_empty() {
            return Err(SqsError::EmptyBatchRequest);
        }
        if self.entries.len() > MOST_ENTRIES {
            let (entries, limit) = (self.entries.len(), MOST_ENTRIES);
            return Err(SqsError::TooManyEntriesInBatchRequest { entries, limit });
        }
        let mut seen = BTreeSet::new();
        for Entry { id, .. } in &self.entries {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if !(1..=ID_CHARACTERS).contains(&id.len()) || !id.chars().all(allowed) {
                return Err(SqsError::InvalidBatchEntryId { id: id.clone() });
            }
            if !seen.insert(id) {
                return Err(SqsError::BatchEntryIdsNotDistinct { id: id.clone() });
            }
        }
        let queue = queue_of_url(&self.queue_url).to_owned();
        Ok((queue, self.entries.into_iter().map(|entry| (entry.id, entry.content)).collect()))
    }
}

fn each<T>(
    entries: Vec<(String, T)>,
    mut perform: impl FnMut(T) -> Result<Value, SqsError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, content) in entries {
        match perform(content) {
            Ok(mut answer) => {
                answer["Id"] = json!(id);
                successful.push(answer);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": true,
                "Code": error.wire_names().query_code,
                "Message": error.to_string(),
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
