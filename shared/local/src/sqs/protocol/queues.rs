//! The actions on queues and on what they hold as a whole.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Call, nothing};
use crate::sqs::arn::{queue_arn, queue_of_arn, queue_of_url};
use crate::sqs::{Sqs, SqsError};

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21. It advises against
// more than 50 tags; that they are refused here, and the most moves listed, are our own choice.
const MOST_LISTED: usize = 1_000;
const MOST_TAGS: usize = 50;
const MOST_MOVES_LISTED: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneQueue {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    max_results: Option<usize>,
    /// The last name of the page before.
    #[serde(default)]
    next_token: Option<String>,
}

pub(super) fn create(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_name: String,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
        /// In lower case, unlike everywhere else.
        #[serde(default, rename = "tags")]
        tags: BTreeMap<String, String>,
    }

    let request: Request = call.read()?;
    check_tags(&request.tags)?;
    sqs.change(|queues, now| {
        queues.create(&request.queue_name, &request.attributes, now)?;
        queues.get_mut(&request.queue_name)?.tags.extend(request.tags);
        Ok(())
    })?;
    Ok(json!({ "QueueUrl": call.queue_url(&request.queue_name) }))
}

pub(super) fn delete(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    let request: OneQueue = call.read()?;
    sqs.change(|queues, _| queues.delete(queue_of_url(&request.queue_url)))?;
    Ok(nothing())
}

pub(super) fn get_url(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_name: String,
    }

    let request: Request = call.read()?;
    sqs.lock().get(&request.queue_name)?;
    Ok(json!({ "QueueUrl": call.queue_url(&request.queue_name) }))
}

pub(super) fn list(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        #[serde(default)]
        queue_name_prefix: String,
        #[serde(flatten)]
        page: Page,
    }

    let request: Request = call.read()?;
    let queues = sqs.lock();
    request.page.show(call, "QueueUrls", queues.names(&request.queue_name_prefix))
}

pub(super) fn list_dead_letter_sources(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        #[serde(flatten)]
        page: Page,
    }

    let request: Request = call.read()?;
    let queues = sqs.lock();
    let sources = queues.dead_letter_sources(queue_of_url(&request.queue_url))?;
    // In lower case, unlike everywhere else.
    request.page.show(call, "queueUrls", sources.into_iter())
}

pub(super) fn get_attributes(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        #[serde(default)]
        attribute_names: Vec<String>,
    }

    let request: Request = call.read()?;
    let mut shown = sqs.attributes(queue_of_url(&request.queue_url))?;
    let wanted = &request.attribute_names;
    if !wanted.iter().any(|name| name == "All") {
        shown.retain(|name, _| wanted.contains(name));
    }
    Ok(json!({ "Attributes": shown }))
}

pub(super) fn set_attributes(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        attributes: BTreeMap<String, String>,
    }

    let request: Request = call.read()?;
    let queue = queue_of_url(&request.queue_url);
    sqs.change(|queues, now| queues.set_attributes(queue, &request.attributes, now))?;
    Ok(nothing())
}

/// Unlike in AWS a queue can be purged again within 60 seconds.
pub(super) fn purge(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    let request: OneQueue = call.read()?;
    sqs.change(|queues, _| {
        queues.get_mut(queue_of_url(&request.queue_url))?.purge();
        Ok(())
    })?;
    Ok(nothing())
}

pub(super) fn tag(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        tags: BTreeMap<String, String>,
    }

    let request: Request = call.read()?;
    sqs.change(|queues, _| {
        let queue = queues.get_mut(queue_of_url(&request.queue_url))?;
        let mut tags = queue.tags.clone();
        tags.extend(request.tags);
        check_tags(&tags)?;
        queue.tags = tags;
        Ok(())
    })?;
    Ok(nothing())
}

pub(super) fn untag(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        queue_url: String,
        tag_keys: Vec<String>,
    }

    let request: Request = call.read()?;
    sqs.change(|queues, _| {
        let queue = queues.get_mut(queue_of_url(&request.queue_url))?;
        queue.tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(nothing())
}

pub(super) fn list_tags(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    let request: OneQueue = call.read()?;
    let queues = sqs.lock();
    Ok(json!({ "Tags": queues.get(queue_of_url(&request.queue_url))?.tags }))
}

/// `MaxNumberOfMessagesPerSecond` is accepted and not needed: local moves are done at once.
pub(super) fn start_move(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        source_arn: String,
        destination_arn: Option<String>,
    }

    let request: Request = call.read()?;
    let source = existing(&request.source_arn)?;
    let destination = request.destination_arn.as_deref().map(existing).transpose()?;
    let task = Uuid::now_v7();
    sqs.change(|queues, now| queues.move_messages(source, destination, task, now))?;
    Ok(json!({ "TaskHandle": task }))
}

pub(super) fn list_moves(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        source_arn: String,
        max_results: Option<usize>,
    }

    let request: Request = call.read()?;
    let source = existing(&request.source_arn)?;
    let most = request.max_results.unwrap_or(1).min(MOST_MOVES_LISTED);
    let queues = sqs.lock();
    let shown = queues.move_tasks(source).take(most).map(|task| {
        let mut shown = json!({
            "Status": "COMPLETED",
            "SourceArn": queue_arn(&task.source),
            "ApproximateNumberOfMessagesMoved": task.moved,
            "ApproximateNumberOfMessagesToMove": task.moved,
            "StartedTimestamp": task.started_at.as_millisecond(),
        });
        if let Some(destination) = &task.destination {
            shown["DestinationArn"] = json!(queue_arn(destination));
        }
        shown
    });
    Ok(json!({ "Results": shown.collect::<Vec<_>>() }))
}

impl Page {
    fn show<'a>(
        &self,
        call: Call<'_>,
        member: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Value, SqsError> {
        let most = self.max_results.unwrap_or(MOST_LISTED);
        if !(1..=MOST_LISTED).contains(&most) {
            return Err(SqsError::InvalidParameterValue {
                parameter: "MaxResults",
                reason: format!("it is not 1 to {MOST_LISTED}"),
            });
        }
        let seen = self.next_token.as_deref();
        let mut left = names.skip_while(|name| seen.is_some_and(|seen| *name <= seen)).peekable();
        let page: Vec<_> = left.by_ref().take(most).collect();
        let urls: Vec<_> = page.iter().map(|name| call.queue_url(name)).collect();
        let mut shown = json!({ member: urls });
        if left.peek().is_some() {
            shown["NextToken"] = json!(page.last());
        }
        Ok(shown)
    }
}

fn existing(arn: &str) -> Result<&str, SqsError> {
    queue_of_arn(arn).ok_or_else(|| SqsError::ResourceNotFound { arn: arn.to_owned() })
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), SqsError> {
    if tags.len() <= MOST_TAGS {
        return Ok(());
    }
    let reason = format!("a queue has at most {MOST_TAGS}");
    Err(SqsError::InvalidParameterValue { parameter: "Tags", reason })
}
