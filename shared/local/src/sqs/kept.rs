//! Messages that outlive the system: by queue, `{"jobs": [{"id": …, "body": …}]}`. Where they lie is in `disk`.
//!
//! Only messages are kept. What a queue is comes from the template, so a message waits here until
//! its queue is created again, and is then ready at once: receipts and delays are forgotten, as is
//! what a FIFO queue remembers of deduplication ids.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::message::Message;
use super::queues::Queues;

/// Messages by queue, oldest first.
pub(crate) type Kept = BTreeMap<String, Vec<Message>>;

impl Queues {
    /// Every message there is, wherever it stands.
    pub(super) fn kept(&self) -> Kept {
        let mut kept = self.unclaimed.clone();
        for (name, queue) in &self.by_name {
            let messages: Vec<_> = queue.messages().cloned().collect();
            if !messages.is_empty() {
                kept.insert(name.clone(), messages);
            }
        }
        kept
    }

    /// Gives messages back to their queues, now or when the queue is created.
    pub(super) fn restore(&mut self, kept: Kept, now: Timestamp) {
        self.unclaimed = kept;
        let present: Vec<String> = self.by_name.keys().cloned().collect();
        for name in present {
            self.claim(&name, now);
        }
    }

    /// Gives a queue the messages that wait for it.
    pub(super) fn claim(&mut self, name: &str, now: Timestamp) {
        let Some(queue) = self.by_name.get_mut(name) else { return };
        for message in self.unclaimed.remove(name).unwrap_or_default() {
            queue.accept(message, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sqs::Sqs;
    use crate::sqs::message::{Draft, MessageAttribute};

    fn with_messages_in(queue: &str) -> Sqs {
        let sqs = Sqs::new();
        sqs.create_queue(queue, &BTreeMap::new()).expect("created");
        for body in ["in flight", "ready"] {
            let attribute = MessageAttribute::text("String", "x");
            let attributes = [("type".to_owned(), attribute)].into();
            let draft = Draft { body: body.to_owned(), attributes, ..Draft::default() };
            let id = uuid::Uuid::now_v7();
            let sent = sqs.change(|queues, now| queues.get_mut(queue)?.send(draft, id, now));
            sent.expect("sent");
        }
        sqs
    }

    fn restore(sqs: &Sqs, kept: Kept) {
        sqs.lock().restore(kept, Timestamp::now());
    }

    #[tokio::test]
    async fn messages_come_back_as_they_were_when_their_queue_is_created_again() {
        let before = with_messages_in("jobs");
        let received = before.receive("jobs", 1, Duration::ZERO).await.expect("received");
        let text = serde_json::to_string(&before.lock().kept()).expect("JSON");

        let after = Sqs::new();
        restore(&after, serde_json::from_str(&text).expect("kept"));
        after.create_queue("jobs", &BTreeMap::new()).expect("created");

        let again = after.receive("jobs", 10, Duration::ZERO).await.expect("received");
        let bodies: Vec<_> = again.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, ["in flight", "ready"]);
        assert_eq!(again[0].message_id, received[0].message_id);
        assert_eq!(again[0].attributes["ApproximateReceiveCount"], "2");
        assert_eq!(again[0].message_attributes, received[0].message_attributes);
    }

    #[test]
    fn messages_whose_queue_was_not_created_again_are_kept_further() {
        let kept = with_messages_in("jobs").lock().kept();
        let sqs = Sqs::new();

        restore(&sqs, kept);

        assert_eq!(sqs.lock().kept()["jobs"].len(), 2);
    }
}
