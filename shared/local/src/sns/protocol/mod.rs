//! The AWS query protocol: a form with `Action` in, XML out.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, from memory 2026-11-22.

mod form;
mod publishing;
mod subscriptions;
mod topics;
mod xml;
#[cfg(test)]
mod tests;

use http::StatusCode;
use uuid::Uuid;

use self::xml::Xml;
use super::{Sns, SnsError};

pub(crate) use self::form::Form;

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// What [`answer`] can be asked.
pub(crate) const OPERATIONS: [&str; 11] = [
    "CreateTopic",
    "DeleteTopic",
    "GetSubscriptionAttributes",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTopics",
    "Publish",
    "PublishBatch",
    "SetSubscriptionAttributes",
    "Subscribe",
    "Unsubscribe",
];

/// Carries out one request: the action that its form names. `trace_header` is that of its sender.
///
/// # Errors
///
/// Why SNS refuses it; [`refusal`] says it on the wire.
pub(crate) fn answer(
    sns: &Sns,
    form: &Form,
    trace_header: Option<&str>,
) -> Result<String, SnsError> {
    let action = form.action();
    let result = match action {
        "CreateTopic" => topics::create(sns, form),
        "DeleteTopic" => topics::delete(sns, form),
        "GetTopicAttributes" => topics::attributes(sns, form),
        "ListTopics" => Ok(topics::list(sns)),
        "GetSubscriptionAttributes" => subscriptions::attributes(sns, form),
        "ListSubscriptionsByTopic" => subscriptions::list(sns, form),
        "SetSubscriptionAttributes" => subscriptions::set(sns, form),
        "Subscribe" => subscriptions::subscribe(sns, form),
        "Unsubscribe" => subscriptions::unsubscribe(sns, form),
        "Publish" => publishing::publish(sns, form, trace_header),
        "PublishBatch" => publishing::publish_batch(sns, form, trace_header),
        action => Err(SnsError::InvalidAction { action: action.to_owned() }),
    }?;
    let metadata = Xml::elements([("RequestId", Xml::text(&Uuid::now_v7()))]);
    let (result_name, response) = (format!("{action}Result"), format!("{action}Response"));
    let response_of =
        Xml::Elements(vec![(result_name.into(), result), ("ResponseMetadata".into(), metadata)]);
    Ok(response_of.document(&response, NAMESPACE))
}

/// A refusal: its status and body.
pub(crate) fn refusal(error: &SnsError) -> (StatusCode, String) {
    let (status, code) = error.wire();
    (status, error_body("Sender", code, &error.to_string()))
}

pub(crate) fn error_body(fault: &str, code: &str, message: &str) -> String {
    let error = Xml::elements([
        ("Type", Xml::text(fault)),
        ("Code", Xml::text(code)),
        ("Message", Xml::text(message)),
    ]);
    let body = Xml::elements([("Error", error), ("RequestId", Xml::text(&Uuid::now_v7()))]);
    body.document("ErrorResponse", NAMESPACE)
}
