//! Topics of the template, and which queues are subscribed to them.

use std::collections::BTreeMap;

use super::TemplateError;
use super::resource::Resource;
use super::stack::{Stack, to_text};
use crate::sns::topic_arn as arn_of;
use crate::sqs::queue_of_arn;

const TOPIC: &str = "TopicArn";
const QUEUE: &str = "Endpoint";

/// An SNS topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// As `CreateTopic` takes them.
    pub attributes: BTreeMap<String, String>,
    pub subscriptions: Vec<TopicSubscription>,
}

/// A queue that gets what a topic is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSubscription {
    pub queue_arn: String,
    /// As `Subscribe` takes them: all text, policies as JSON.
    pub attributes: BTreeMap<String, String>,
}

/// A subscription before its topic is known.
#[derive(Debug)]
pub(super) struct Unclaimed {
    id: String,
    topic_arn: String,
    subscription: TopicSubscription,
}

pub(super) fn read(resource: &Resource<'_>) -> Result<Topic, TemplateError> {
    if resource.value("Subscription")?.is_some() {
        let reason = "here a subscription is a resource of its own".to_owned();
        return Err(resource.invalid("Subscription", reason));
    }
    let attributes = given(resource, &["ContentBasedDeduplication", "FifoTopic"])?;
    Ok(Topic { name: resource.name("TopicName")?, attributes, subscriptions: Vec::new() })
}

/// Reads a subscription. One of anything but a queue of this stack is refused: what it is sent would be lost.
pub(super) fn subscription(resource: &Resource<'_>) -> Result<Unclaimed, TemplateError> {
    let protocol: String = resource.required("Protocol")?;
    if protocol != "sqs" {
        return Err(resource.invalid("Protocol", format!("{protocol} is not here, sqs alone is")));
    }
    let queue_arn: String = resource.required(QUEUE)?;
    if queue_of_arn(&queue_arn).is_none() {
        return Err(resource.invalid(QUEUE, format!("{queue_arn} is no queue here")));
    }
    let attributes = ["FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"];
    let attributes = given(resource, &attributes)?;
    let (id, topic_arn) = (resource.id.to_owned(), resource.required(TOPIC)?);
    Ok(Unclaimed { id, topic_arn, subscription: TopicSubscription { queue_arn, attributes } })
}

/// Gives each subscription to its topic.
pub(super) fn subscribe(stack: &mut Stack, all: Vec<Unclaimed>) -> Result<(), TemplateError> {
    for Unclaimed { id, topic_arn, subscription } in all {
        let is_its = |topic: &&mut Topic| arn_of(&topic.name) == topic_arn;
        let topic =
            stack.topics.iter_mut().find(is_its).ok_or_else(|| TemplateError::Property {
                owner: id,
                property: TOPIC.to_owned(),
                reason: format!("{topic_arn} is no topic of this template"),
            })?;
        topic.subscriptions.push(subscription);
    }
    Ok(())
}

fn given(
    resource: &Resource<'_>,
    attributes: &[&str],
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut given = BTreeMap::new();
    for attribute in attributes {
        if let Some(value) = resource.value(attribute)? {
            given.insert((*attribute).to_owned(), to_text(&value));
        }
    }
    Ok(given)
}
