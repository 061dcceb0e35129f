//! The actions on subscriptions.

use super::form::Form;
use super::xml::Xml;
use crate::sns::{Sns, SnsError};
use crate::sqs::queue_arn;
use crate::template::ACCOUNT;

const ARN: &str = "SubscriptionArn";
const PROTOCOL: &str = "sqs";

pub(super) fn subscribe(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let protocol = form.required("Protocol")?;
    if protocol != PROTOCOL {
        let reason = format!("{protocol} is not here, {PROTOCOL} alone is");
        return Err(SnsError::invalid("Protocol", reason));
    }
    let (topic, queue) = (form.required("TopicArn")?, form.required("Endpoint")?);
    let arn = sns.lock().subscribe(topic, queue, &form.texts("Attributes")?)?;
    Ok(Xml::elements([(ARN, Xml::Text(arn))]))
}

pub(super) fn unsubscribe(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    sns.lock().unsubscribe(form.required(ARN)?);
    Ok(Xml::nothing())
}

pub(super) fn attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let topics = sns.lock();
    let (subscription, topic) = topics.subscription(form.required(ARN)?)?;
    let mut attributes = subscription.attributes();
    attributes.insert("TopicArn", topic);
    attributes.insert("Owner", ACCOUNT.to_owned());
    Ok(Xml::elements([("Attributes", Xml::entries(attributes))]))
}

pub(super) fn set(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let (arn, name) = (form.required(ARN)?, form.required("AttributeName")?);
    let value = form.optional("AttributeValue").unwrap_or_default();
    sns.lock().set_subscription(arn, name, value)?;
    Ok(Xml::nothing())
}

/// All of a topic: there are no further pages.
pub(super) fn list(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let topic = form.required("TopicArn")?;
    let topics = sns.lock();
    let each = topics.subscriptions(topic)?.iter().map(|subscription| {
        Xml::elements([
            (ARN, Xml::text(&subscription.arn)),
            ("Owner", Xml::text(ACCOUNT)),
            ("Protocol", Xml::text(PROTOCOL)),
            ("Endpoint", Xml::Text(queue_arn(&subscription.queue))),
            ("TopicArn", Xml::text(topic)),
        ])
    });
    Ok(Xml::elements([("Subscriptions", Xml::members(each))]))
}
