//! The queue on SQS.

use std::time::Duration;

use jiff::Timestamp;
use local::sqs::{AttributeValue, Received};
use postroom::BoxFuture;
use postroom::contract::queue::{Arrived, QueueUnderTest};
use postroom::port::{OutboxRow, Queue};
use postroom_aws::SqsQueue;

use crate::endpoint::{Endpoint, HANDLER};

struct OnSqs {
    queue: SqsQueue,
    endpoint: Endpoint,
}

async fn on_sqs() -> OnSqs {
    let mut endpoint = Endpoint::with_queues(&[HANDLER]).await;
    let queue = endpoint.aws.queue(&mut endpoint.env, &[HANDLER]);
    OnSqs { queue, endpoint }
}

impl AsRef<dyn QueueUnderTest> for OnSqs {
    fn as_ref(&self) -> &(dyn QueueUnderTest + 'static) {
        self
    }
}

impl QueueUnderTest for OnSqs {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    fn arrived(&self) -> BoxFuture<'_, Vec<Arrived>> {
        Box::pin(async {
            let received = self.endpoint.sqs.receive(HANDLER, 10, Duration::ZERO).await.unwrap();
            received.into_iter().map(arrived).collect()
        })
    }
}

fn arrived(message: Received) -> Arrived {
    let text = |name: &str| match &message.message_attributes[name].value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(_) => panic!("{name} is no text"),
    };
    Arrived { r#type: text("type"), correlation_id: text("correlation_id"), body: message.body }
}

postroom::queue_contract!(on_sqs);

#[tokio::test]
async fn a_row_that_sqs_refuses_is_named_by_its_index_and_the_others_arrive() {
    let on_sqs = on_sqs().await;
    // U+FFFE is a character that SQS does not take; envelopes escape it.
    let rows = ["first", "second \u{fffe}", "third"].map(row);

    let posted = on_sqs.queue.send(HANDLER, &rows).await.unwrap();

    let [(index, reason)] = posted.refused.try_into().unwrap();
    assert_eq!(index, 1);
    assert!(reason.starts_with("InvalidMessageContents: "), "{reason}");
    let mut arrived: Vec<_> = on_sqs.arrived().await.into_iter().map(|row| row.body).collect();
    arrived.sort();
    assert_eq!(arrived, ["first", "third"]);
}

fn row(body: &str) -> OutboxRow {
    OutboxRow {
        message_id: "7b0c0000-0000-5000-8000-00000000000b".parse().unwrap(),
        handler: HANDLER.to_owned(),
        due: Timestamp::UNIX_EPOCH,
        body: body.to_owned(),
        r#type: "order.placed".to_owned(),
        correlation_id: "req-1".parse().unwrap(),
    }
}
