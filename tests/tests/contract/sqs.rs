//! The queue on SQS.

use std::time::Duration;

use local::sqs::{AttributeValue, Received};
use postroom::BoxFuture;
use postroom::contract::queue::{Arrived, QueueUnderTest};
use postroom::port::Queue;
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
