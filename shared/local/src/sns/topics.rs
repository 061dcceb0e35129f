//! All topics together: who is subscribed to what, and what goes to whom.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::SnsError;
use super::message::Notification;
use super::subscription::{Subscription, truth};
use crate::sqs::{Draft, FIFO_SUFFIX, queue_of_arn};
use crate::template::{ACCOUNT, REGION};

const NAME_CHARACTERS: usize = 256;

/// The topics of the account, by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<String, Topic>,
}

#[derive(Debug, Default)]
struct Topic {
    /// Of a FIFO topic whether the content of a message decides that it was published before.
    fifo: Option<ByContent>,
    subscriptions: Vec<Subscription>,
}

type ByContent = bool;

/// A message on its way to a queue.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) queue: String,
    pub(super) dead_letters: Option<String>,
    pub(super) draft: Draft,
}

pub(crate) fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}

impl Topics {
    /// Creates a topic and answers its ARN; one that is there and of the same kind stays as it is.
    pub(super) fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, SnsError> {
        let base = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
        let permitted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if base.is_empty() || name.len() > NAME_CHARACTERS || !base.chars().all(permitted) {
            let reason = format!(
                "{name:?} is not 1 to {NAME_CHARACTERS} letters, digits, hyphens, underscores"
            );
            return Err(SnsError::invalid("Name", reason));
        }
        let (mut fifo, mut by_content) = (false, false);
        for (attribute, value) in attributes {
            match attribute.as_str() {
                "FifoTopic" => fifo = truth(attribute, value)?,
                "ContentBasedDeduplication" => by_content = truth(attribute, value)?,
                // Of no meaning here: who may publish, how it is encrypted and traced.
                "DisplayName" | "KmsMasterKeyId" | "Policy" | "TracingConfig" => {}
                _ => {
                    return Err(SnsError::invalid(
                        "Attributes",
                        format!("{attribute} is not here"),
                    ));
                }
            }
        }
        if fifo != name.ends_with(FIFO_SUFFIX) {
            let reason = format!("the name of a FIFO topic ends in {FIFO_SUFFIX}, and no other");
            return Err(SnsError::invalid("Name", reason));
        }
        let fifo = fifo.then_some(by_content);
        let topic = self.by_name.entry(name.to_owned());
        let topic = topic.or_insert_with(|| Topic { fifo, subscriptions: Vec::new() });
        if topic.fifo != fifo {
            let reason = "a topic of that name is there with other attributes";
            return Err(SnsError::invalid("Attributes", reason));
        }
        Ok(topic_arn(name))
    }

    /// Deletes a topic and its subscriptions; one that is not there is no error.
    pub(super) fn delete(&mut self, arn: &str) {
        if let Some(name) = name_of(arn) {
            self.by_name.remove(name);
        }
    }

    pub(super) fn arns(&self) -> impl Iterator<Item = String> {
        self.by_name.keys().map(|name| topic_arn(name))
    }

    /// By AWS's names.
    pub(super) fn attributes(&self, arn: &str) -> Result<BTreeMap<&'static str, String>, SnsError> {
        let topic = self.topic(arn)?;
        let mut attributes = BTreeMap::from([
            ("TopicArn", arn.to_owned()),
            ("SubscriptionsConfirmed", topic.subscriptions.len().to_string()),
        ]);
        if let Some(by_content) = topic.fifo {
            attributes.insert("FifoTopic", "true".to_owned());
            attributes.insert("ContentBasedDeduplication", by_content.to_string());
        }
        Ok(attributes)
    }

    /// Subscribes a queue and answers the subscription's ARN. One that is subscribed stays as it is.
    pub(super) fn subscribe(
        &mut self,
        arn: &str,
        queue_arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, SnsError> {
        let topic = self.topic_mut(arn)?;
        let queue = queue_of_arn(queue_arn).ok_or_else(|| {
            SnsError::invalid("Endpoint", format!("{queue_arn} is no queue here"))
        })?;
        if queue.ends_with(FIFO_SUFFIX) && topic.fifo.is_none() {
            let reason = "a FIFO queue cannot be subscribed to a standard topic";
            return Err(SnsError::invalid("Endpoint", reason));
        }
        let wanted = Subscription::new(format!("{arn}:{}", Uuid::now_v7()), queue, attributes)?;
        if let Some(present) = topic.subscriptions.iter().find(|present| present.queue == queue) {
            return if (Subscription { arn: present.arn.clone(), ..wanted }) == *present {
                Ok(present.arn.clone())
            } else {
                let reason = "the queue is subscribed already, with other attributes";
                Err(SnsError::invalid("Attributes", reason))
            };
        }
        let arn = wanted.arn.clone();
        topic.subscriptions.push(wanted);
        Ok(arn)
    }

    /// Ends a subscription; one that is not there is no error.
    pub(super) fn unsubscribe(&mut self, arn: &str) {
        for topic in self.by_name.values_mut() {
            topic.subscriptions.retain(|subscription| subscription.arn != arn);
        }
    }

    pub(super) fn subscriptions(&self, topic_arn: &str) -> Result<&[Subscription], SnsError> {
        Ok(&self.topic(topic_arn)?.subscriptions)
    }

    /// A subscription and its topic's ARN.
    pub(super) fn subscription(&self, arn: &str) -> Result<(&Subscription, String), SnsError> {
        let all = self.by_name.iter().flat_map(|(name, topic)| {
            topic.subscriptions.iter().map(move |subscription| (subscription, name))
        });
        let found = all.into_iter().find(|(subscription, _)| subscription.arn == arn);
        let (subscription, name) = found.ok_or_else(|| missing("Subscription", arn))?;
        Ok((subscription, topic_arn(name)))
    }

    pub(super) fn set_subscription(
        &mut self,
        arn: &str,
        name: &str,
        value: &str,
    ) -> Result<(), SnsError> {
        let mut all = self.by_name.values_mut().flat_map(|topic| &mut topic.subscriptions);
        let found = all.find(|subscription| subscription.arn == arn);
        found.ok_or_else(|| missing("Subscription", arn))?.set(name, value)
    }

    /// What has to be delivered to whom when a message is published.
    pub(super) fn publish(
        &self,
        arn: &str,
        published: Notification,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, SnsError> {
        let topic = self.topic(arn)?;
        published.check()?;
        let published = match topic.fifo {
            Some(_) if published.group.is_none() => {
                return Err(SnsError::invalid("MessageGroupId", "a FIFO topic needs it"));
            }
            Some(true) => published.deduplicated_by_content(),
            Some(false) if published.deduplication_id.is_none() => {
                let reason = "a FIFO topic without ContentBasedDeduplication needs it";
                return Err(SnsError::invalid("MessageDeduplicationId", reason));
            }
            None if published.deduplication_id.is_some() => {
                return Err(SnsError::invalid(
                    "MessageDeduplicationId",
                    "the topic is no FIFO topic",
                ));
            }
            Some(false) | None => published,
        };
        let wanting = topic.subscriptions.iter().filter(|&each| each.wants(&published));
        let deliveries = wanting.map(|subscription| Delivery {
            queue: subscription.queue.clone(),
            dead_letters: subscription.dead_letters.clone(),
            draft: published.for_queue(subscription, arn, id, now),
        });
        Ok(deliveries.collect())
    }

    fn topic(&self, arn: &str) -> Result<&Topic, SnsError> {
        let topic = name_of(arn).and_then(|name| self.by_name.get(name));
        topic.ok_or_else(|| missing("Topic", arn))
    }

    fn topic_mut(&mut self, arn: &str) -> Result<&mut Topic, SnsError> {
        let topic = name_of(arn).and_then(|name| self.by_name.get_mut(name));
        topic.ok_or_else(|| missing("Topic", arn))
    }
}

fn name_of(arn: &str) -> Option<&str> {
    arn.strip_prefix(&topic_arn("")).filter(|name| !name.contains(':'))
}

fn missing(kind: &'static str, arn: &str) -> SnsError {
    SnsError::NotFound { kind, arn: arn.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:jobs";
    const FIFO_QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:jobs.fifo";

    fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn said(message: &str) -> Notification {
        Notification { message: message.to_owned(), ..Notification::default() }
    }

    fn publish(
        topics: &Topics,
        arn: &str,
        published: Notification,
    ) -> Result<Vec<Delivery>, SnsError> {
        topics.publish(arn, published, Uuid::nil(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_subscription_that_wants_a_message_gets_it_as_it_asked_for_it() {
        let mut topics = Topics::default();
        let arn = topics.create("events", &BTreeMap::new()).expect("created");
        let (raw, others) = (
            attributes(&[("RawMessageDelivery", "true")]),
            attributes(&[("FilterPolicyScope", "MessageBody"), ("FilterPolicy", r#"{"n": [2]}"#)]),
        );
        topics.subscribe(&arn, QUEUE, &raw).expect("subscribed");
        topics.subscribe(&arn, &QUEUE.replace("jobs", "twos"), &others).expect("subscribed");

        let [one, two] = [r#"{"n":1}"#, r#"{"n":2}"#]
            .map(|body| publish(&topics, &arn, said(body)).expect("published"));

        assert_eq!(one.iter().map(|each| each.queue.as_str()).collect::<Vec<_>>(), ["jobs"]);
        assert_eq!(one[0].draft.body, r#"{"n":1}"#);
        let wrapped: serde_json::Value = serde_json::from_str(&two[1].draft.body).expect("JSON");
        assert_eq!(
            (&wrapped["Message"], &wrapped["TopicArn"]),
            (&r#"{"n":2}"#.into(), &arn.into())
        );
    }

    #[test]
    fn a_queue_is_subscribed_once_and_not_in_two_ways() {
        let mut topics = Topics::default();
        let arn = topics.create("events", &BTreeMap::new()).expect("created");

        let first = topics.subscribe(&arn, QUEUE, &BTreeMap::new());
        let again = topics.subscribe(&arn, QUEUE, &BTreeMap::new());
        let raw = topics.subscribe(&arn, QUEUE, &attributes(&[("RawMessageDelivery", "true")]));

        assert_eq!(first, again);
        assert!(matches!(raw, Err(SnsError::InvalidParameter { .. })));
        assert_eq!(publish(&topics, &arn, said("x")).expect("published").len(), 1);
    }

    #[test]
    fn a_fifo_topic_needs_a_group_and_something_to_tell_messages_apart_by() {
        let mut topics = Topics::default();
        let by_id =
            topics.create("a.fifo", &attributes(&[("FifoTopic", "true")])).expect("created");
        let by_content =
            attributes(&[("FifoTopic", "true"), ("ContentBasedDeduplication", "true")]);
        let by_content = topics.create("b.fifo", &by_content).expect("created");
        topics.subscribe(&by_content, FIFO_QUEUE, &BTreeMap::new()).expect("subscribed");
        let grouped = || Notification { group: Some("g".to_owned()), ..said("x") };

        let no_group = publish(&topics, &by_content, said("x"));
        let no_id = publish(&topics, &by_id, grouped());
        let delivered = publish(&topics, &by_content, grouped()).expect("published");

        let missing = |refused: Result<Vec<Delivery>, SnsError>, name: &str| matches!(refused, Err(SnsError::InvalidParameter { parameter, .. }) if parameter == name);
        assert!(missing(no_group, "MessageGroupId") && missing(no_id, "MessageDeduplicationId"));
        assert_eq!(delivered[0].draft.deduplication_id, Some(crate::sqs::sha256_of_body("x")));
    }

    #[test]
    fn a_fifo_queue_gets_nothing_of_a_standard_topic() {
        let mut topics = Topics::default();
        let arn = topics.create("events", &BTreeMap::new()).expect("created");

        let refused = topics.subscribe(&arn, FIFO_QUEUE, &BTreeMap::new());

        assert!(matches!(refused, Err(SnsError::InvalidParameter { .. })));
    }

    #[test]
    fn a_message_may_fill_the_limit_and_not_one_byte_more() {
        let mut topics = Topics::default();
        let arn = topics.create("events", &BTreeMap::new()).expect("created");
        let most = super::super::message::MESSAGE_BYTES;

        let sizes = [0, 1, most, most + 1];
        let published = sizes.map(|bytes| publish(&topics, &arn, said(&"x".repeat(bytes))).is_ok());

        assert_eq!(published, [false, true, true, false]);
    }
}
