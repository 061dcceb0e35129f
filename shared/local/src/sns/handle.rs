//! The shared handle: topics behind a lock, and the queues that they deliver to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::SnsError;
use super::message::Notification;
use super::topics::{Delivery, Topics};
use crate::sqs::{AttributeValue, MOST_ATTRIBUTES, MessageAttribute, Sqs, SqsError};
use crate::template::Topic;

/// The SNS of this machine; clones share the same topics, which live as long as one of them.
#[derive(Clone)]
pub struct Sns {
    topics: Arc<Mutex<Topics>>,
    sqs: Sqs,
}

impl Sns {
    /// Topics that deliver to these queues.
    pub fn new(sqs: Sqs) -> Self {
        Self { topics: Arc::default(), sqs }
    }

    /// Creates a topic and subscribes its queues; the same again changes nothing.
    ///
    /// # Errors
    ///
    /// An invalid name or attribute, or a topic or subscription that is there with others.
    pub fn create_topic(&self, topic: &Topic) -> Result<(), SnsError> {
        let mut topics = self.lock();
        let arn = topics.create(&topic.name, &topic.attributes)?;
        for subscription in &topic.subscriptions {
            topics.subscribe(&arn, &subscription.queue_arn, &subscription.attributes)?;
        }
        Ok(())
    }

    /// Publishes one message and answers its id; it is in all queues that want it by then.
    pub(super) fn publish(&self, arn: &str, published: Notification) -> Result<Uuid, SnsError> {
        let id = Uuid::now_v7();
        // Locked until it is delivered: what was published first is in each queue first.
        let topics = self.lock();
        for delivery in topics.publish(arn, published, id, self.sqs.now())? {
            self.deliver(delivery);
        }
        Ok(id)
    }

    fn deliver(&self, delivery: Delivery) {
        let Delivery { queue, dead_letters, draft } = delivery;
        let Err(error) = self.sqs.send(&queue, draft.clone()) else { return };
        let Some(target) = dead_letters else {
            tracing::warn!(%error, queue, "a notification is lost: its queue does not take it");
            return;
        };
        let mut letter = draft;
        // A message has at most ten attributes; what was published comes first.
        let room = MOST_ATTRIBUTES.saturating_sub(letter.attributes.len());
        letter.attributes.extend(told(&error).into_iter().take(room));
        if let Err(error) = self.sqs.send(&target, letter) {
            tracing::warn!(%error, queue = target, "a notification is lost: nor does its dead-letter queue");
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Topics> {
        // No operation leaves the topics half changed, so a panic elsewhere does not spoil them.
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a notification is a dead letter, as SNS says it.
// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>, from memory 2026-11-22.
fn told(error: &SqsError) -> BTreeMap<String, MessageAttribute> {
    let text = |value: String| MessageAttribute {
        data_type: "String".to_owned(),
        value: AttributeValue::Text(value),
    };
    [("ErrorCode", error.wire_names().query_code.to_owned()), ("ErrorMessage", error.to_string())]
        .map(|(name, value)| (name.to_owned(), text(value)))
        .into()
}

impl fmt::Debug for Sns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sns").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::template::TopicSubscription;

    fn topic(dead_letters: Option<&str>) -> Topic {
        let arn = |queue: &str| format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
        let redrive =
            dead_letters.map(|queue| format!(r#"{{"deadLetterTargetArn": "{}"}}"#, arn(queue)));
        let attributes = redrive.map(|policy| ("RedrivePolicy".to_owned(), policy));
        Topic {
            name: "events".to_owned(),
            attributes: BTreeMap::new(),
            subscriptions: vec![TopicSubscription {
                queue_arn: arn("gone"),
                attributes: attributes.into_iter().collect(),
            }],
        }
    }

    #[tokio::test]
    async fn what_a_queue_does_not_take_is_a_dead_letter_that_says_why() {
        let sqs = Sqs::new();
        sqs.create_queue("dead", &BTreeMap::new()).expect("created");
        let sns = Sns::new(sqs.clone());
        sns.create_topic(&topic(Some("dead"))).expect("created");

        let published = Notification { message: "x".to_owned(), ..Notification::default() };
        sns.publish("arn:aws:sns:us-east-1:000000000000:events", published).expect("published");

        let dead = sqs.receive("dead", 10, Duration::ZERO).await.expect("received");
        assert_eq!(dead.len(), 1);
        assert_eq!(
            dead[0].message_attributes["ErrorCode"].value,
            AttributeValue::Text("AWS.SimpleQueueService.NonExistentQueue".to_owned())
        );
    }

    #[test]
    fn a_topic_can_be_created_again_as_it_is_and_not_otherwise() {
        let sns = Sns::new(Sqs::new());

        let created = [topic(None), topic(None), topic(Some("dead"))]
            .map(|topic| sns.create_topic(&topic).is_ok());

        assert_eq!(created, [true, true, false]);
    }
}
