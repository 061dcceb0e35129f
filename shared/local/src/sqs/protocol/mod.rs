//! AWS JSON 1.0: `X-Amz-Target: AmazonSQS.ACTION`, a JSON object in, a JSON object out.
//!
//! A refusal is `{"__type": "com.amazonaws.sqs#SHAPE", "message": …}` with status 400 and the older
//! code in the header `x-amzn-query-error: CODE;Sender`.

mod attributes;
mod messages;
mod batches;
mod queues;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::arn::ACCOUNT;
use super::{Sqs, SqsError};

/// One request: what is asked, by whom, and at which endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// What stands behind `AmazonSQS.` in the target.
    pub(crate) action: &'a str,
    pub(crate) body: &'a [u8],
    /// The caller's access key id; receivers see it as `SenderId`.
    pub(crate) caller: &'a str,
    /// The base of the queue URLs in the answer, as `http://127.0.0.1:4566`.
    pub(crate) endpoint: &'a str,
}

/// A refusal as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) query_error: String,
    pub(crate) body: Value,
}

/// What [`answer`] can be asked.
pub(crate) const OPERATIONS: [&str; 20] = [
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "CreateQueue",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// Carries out one request.
///
/// # Errors
///
/// Why SQS refuses it; [`refusal`] says it on the wire.
pub(crate) async fn answer(sqs: &Sqs, call: Call<'_>) -> Result<Value, SqsError> {
    match call.action {
        "CreateQueue" => queues::create(sqs, call),
        "DeleteQueue" => queues::delete(sqs, call),
        "GetQueueAttributes" => queues::get_attributes(sqs, call),
        "GetQueueUrl" => queues::get_url(sqs, call),
        "ListDeadLetterSourceQueues" => queues::list_dead_letter_sources(sqs, call),
        "ListMessageMoveTasks" => queues::list_moves(sqs, call),
        "ListQueueTags" => queues::list_tags(sqs, call),
        "ListQueues" => queues::list(sqs, call),
        "PurgeQueue" => queues::purge(sqs, call),
        "SetQueueAttributes" => queues::set_attributes(sqs, call),
        "StartMessageMoveTask" => queues::start_move(sqs, call),
        "TagQueue" => queues::tag(sqs, call),
        "UntagQueue" => queues::untag(sqs, call),
        "ChangeMessageVisibility" => messages::change_visibility(sqs, call),
        "DeleteMessage" => messages::delete(sqs, call),
        "ReceiveMessage" => messages::receive(sqs, call).await,
        "SendMessage" => messages::send(sqs, call),
        "ChangeMessageVisibilityBatch" => batches::change_visibility(sqs, call),
        "DeleteMessageBatch" => batches::delete(sqs, call),
        "SendMessageBatch" => batches::send(sqs, call),
        action => Err(SqsError::UnknownOperation { action: action.to_owned() }),
    }
}

pub(crate) fn refusal(error: &SqsError) -> Refusal {
    let names = error.wire_names();
    let body = json!({
        "__type": format!("com.amazonaws.sqs#{}", names.shape),
        "message": error.to_string(),
    });
    Refusal { query_error: format!("{};Sender", names.query_code), body }
}

impl Call<'_> {
    fn read<T: DeserializeOwned>(&self) -> Result<T, SqsError> {
        serde_json::from_slice(self.body)
            .map_err(|error| SqsError::Malformed { reason: error.to_string() })
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.endpoint)
    }
}

/// The answer of actions that have nothing to say.
fn nothing() -> Value {
    json!({})
}

#[cfg(test)]
mod tests;
