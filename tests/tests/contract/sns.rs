//! The topic on SNS, and what comes of it at a worker.

use std::time::Duration;

use postroom::BoxFuture;
use postroom::contract::queue::Arrived;
use postroom::contract::topic::TopicUnderTest;
use postroom::port::{Destination, OutboxRow, Posted, Topic, TopicError};
use postroom_aws::{Env, SnsTopic};

use crate::endpoint::{COUNTER, Endpoint, HANDLER};
use crate::sqs::{arrived, row};

const RAW: (&str, &str) = ("RawMessageDelivery", "true");

struct OnSns {
    topic: SnsTopic,
    endpoint: Endpoint,
}

async fn on_sns() -> OnSns {
    let mut endpoint = Endpoint::with_queues(&[HANDLER, COUNTER]).await;
    endpoint.subscribed(&[
        (HANDLER, &[RAW, ("FilterPolicy", r#"{"type": [{"prefix": "order."}]}"#)]),
        (COUNTER, &[RAW, ("FilterPolicy", r#"{"type": ["order.placed"]}"#)]),
    ]);
    let topic = endpoint.aws.topic(&mut endpoint.env);
    OnSns { topic, endpoint }
}

impl AsRef<dyn TopicUnderTest> for OnSns {
    fn as_ref(&self) -> &(dyn TopicUnderTest + 'static) {
        self
    }
}

impl TopicUnderTest for OnSns {
    fn topic(&self) -> &dyn Topic {
        &self.topic
    }

    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>> {
        Box::pin(async move {
            let received = self.endpoint.sqs.receive(handler, 10, Duration::ZERO).await.unwrap();
            received.into_iter().map(arrived).collect()
        })
    }
}

postroom::topic_contract!(on_sns);

fn published(body: &str) -> OutboxRow {
    OutboxRow { to: Destination::Topic, ..row(body) }
}

#[tokio::test]
async fn a_topic_that_is_not_there_refuses() {
    let on_sns = on_sns().await;
    let arn = "arn:aws:sns:us-east-1:000000000000:nobodys";
    let missing = on_sns.endpoint.aws.topic(&mut Env::of([("EVENTS_TOPIC_ARN", arn)]));

    let refused = missing.publish(&[published("{}")]).await.unwrap_err();

    assert!(matches!(refused, TopicError::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_topic_that_does_not_answer_may_later() {
    let on_sns = on_sns().await;
    on_sns.endpoint.fault("sns.PublishBatch", 10, serde_json::json!({"status": 503})).await;

    let unavailable = on_sns.topic.publish(&[published("{}")]).await.unwrap_err();

    assert!(matches!(unavailable, TopicError::Unavailable { .. }), "{unavailable:?}");
}

#[tokio::test]
async fn a_row_that_sns_refuses_is_named_by_its_index_and_the_others_arrive() {
    let on_sns = on_sns().await;
    // A message may not be empty; envelopes are not.
    let rows = ["first", "", "third"].map(published);

    let posted = on_sns.topic.publish(&rows).await.unwrap();

    let Posted { refused } = posted;
    let [(index, reason)] = refused.try_into().unwrap();
    assert_eq!(index, 1);
    assert!(reason.starts_with("InvalidParameter"), "{reason}");
    let mut arrived: Vec<_> =
        on_sns.arrived(COUNTER).await.into_iter().map(|arrived| arrived.body).collect();
    arrived.sort();
    assert_eq!(arrived, ["first", "third"]);
}
