//! The queue on SQS.

use std::time::Duration;

use jiff::Timestamp;
use local::sqs::{AttributeValue, Received};
use postroom::contract::queue::{Arrived, QueueUnderTest};
use postroom::memory::SeededIds;
use postroom::port::{Depths, Destination, OutboxRow, Posted, Queue, QueueDepth};
use postroom::{BoxFuture, Ids};
use postroom_aws::{SqsDepths, SqsQueue};

use crate::endpoint::{Endpoint, HANDLER, IN_ORDER};

const DEAD_LETTERS: &str = "tell-owner-dlq";

struct OnSqs {
    queue: SqsQueue,
    depths: SqsDepths,
    endpoint: Endpoint,
}

async fn on_sqs() -> OnSqs {
    let queues = [HANDLER, "tell-in-order.fifo", DEAD_LETTERS, "tell-in-order-dlq.fifo"];
    let mut endpoint = Endpoint::with_queues(&queues).await;
    let queue = endpoint.aws.queue(&mut endpoint.env, &[HANDLER, IN_ORDER]);
    let depths = endpoint.aws.queue_depths(&mut endpoint.env, &[HANDLER, IN_ORDER]);
    OnSqs { queue, depths, endpoint }
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

    fn depths(&self) -> &dyn Depths {
        &self.depths
    }

    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>> {
        let name = if handler == IN_ORDER { "tell-in-order.fifo" } else { handler };
        Box::pin(async move {
            let received = self.endpoint.sqs.receive(name, 10, Duration::ZERO).await.unwrap();
            received.into_iter().map(arrived).collect()
        })
    }
}

pub(crate) fn arrived(mut message: Received) -> Arrived {
    let text = |name: &str| match &message.message_attributes[name].value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(_) => panic!("{name} is no text"),
    };
    Arrived {
        r#type: text("type"),
        correlation_id: text("correlation_id"),
        body: message.body,
        group: message.attributes.remove("MessageGroupId"),
    }
}

postroom::queue_contract!(on_sqs);

#[tokio::test]
async fn what_is_taken_and_what_was_given_up_are_counted_by_themselves() {
    let mut on_sqs = on_sqs().await;
    let endpoint = &mut on_sqs.endpoint;
    on_sqs.queue.send(HANDLER, &["a", "b", "c"].map(row)).await.unwrap();
    endpoint.sqs.receive(HANDLER, 1, Duration::ZERO).await.unwrap();
    let dead_letters = endpoint.aws.queue(&mut endpoint.env, &[DEAD_LETTERS]);
    dead_letters.send(DEAD_LETTERS, &[row("d")]).await.unwrap();

    let of_handlers = on_sqs.depths.depths().await.unwrap();
    let of_stack = endpoint.aws.stack_depths("tell-").depths().await.unwrap();

    let [in_order, owner] = &of_handlers[..] else { panic!("{of_handlers:?}") };
    let expected = QueueDepth { queue: HANDLER.to_owned(), waiting: 2, in_flight: 1, dead: 1 };
    assert_eq!(owner, &expected);
    assert_eq!(in_order, &QueueDepth { queue: IN_ORDER.to_owned(), ..QueueDepth::default() });
    let named = |depth: &QueueDepth| QueueDepth {
        queue: depth.queue.trim_start_matches("tell-").to_owned(),
        ..depth.clone()
    };
    assert_eq!(of_stack, [named(in_order), named(owner)]);
}

#[tokio::test]
async fn a_row_that_sqs_refuses_is_named_by_its_index_and_the_others_arrive() {
    let on_sqs = on_sqs().await;
    // U+FFFE is a character that SQS does not take; envelopes escape it.
    let rows = ["first", "second \u{fffe}", "third"].map(row);

    let posted = on_sqs.queue.send(HANDLER, &rows).await.unwrap();

    let [(index, reason)] = posted.refused.try_into().unwrap();
    assert_eq!(index, 1);
    assert!(reason.starts_with("InvalidMessageContents: "), "{reason}");
    let mut arrived: Vec<_> =
        on_sqs.arrived(HANDLER).await.into_iter().map(|row| row.body).collect();
    arrived.sort();
    assert_eq!(arrived, ["first", "third"]);
}

#[tokio::test]
async fn a_row_in_order_that_is_sent_again_is_one_message() {
    let on_sqs = on_sqs().await;
    let (first, second) =
        ("7b0c0000-0000-5000-8000-00000000000b", "7b0c0000-0000-5000-8000-00000000000c");
    let in_order = |id: &str| OutboxRow {
        message_id: id.parse().unwrap(),
        group: Some("group-1".to_owned()),
        ..row("{}")
    };

    for _ in 0..2 {
        let posted = on_sqs.queue.send(IN_ORDER, &[in_order(first), in_order(second)]).await;
        assert_eq!(posted.unwrap(), Posted::default());
    }

    assert_eq!(on_sqs.arrived(IN_ORDER).await.len(), 2);
}

/// Within the five minutes in which the queue drops what is sent twice.
#[tokio::test]
async fn a_row_in_order_that_a_person_sends_again_is_another_message() {
    let on_sqs = on_sqs().await;
    let sent = |decision| OutboxRow { group: Some("group-1".to_owned()), decision, ..row("{}") };
    let [first, second] = [1, 2].map(|seed| Some(SeededIds::new(seed).fresh().into()));

    for decision in [None, first, first, second] {
        on_sqs.queue.send(IN_ORDER, &[sent(decision)]).await.unwrap();
    }

    assert_eq!(on_sqs.arrived(IN_ORDER).await.len(), 3);
}

/// Its handler was moved to a queue of the other kind while they were in the outbox.
#[tokio::test]
async fn rows_with_and_without_a_group_arrive_at_queues_of_both_kinds() {
    for (handler, groups) in [
        (HANDLER, [None, Some("group-1")]),
        (IN_ORDER, [Some("7b0c0000-0000-5000-8000-00000000000c"), Some("group-1")]),
    ] {
        let on_sqs = on_sqs().await;
        let alone = "7b0c0000-0000-5000-8000-00000000000c".parse().unwrap();
        let rows = [
            OutboxRow { message_id: alone, ..row("alone") },
            OutboxRow { group: Some("group-1".to_owned()), ..row("in order") },
        ];

        let posted = on_sqs.queue.send(handler, &rows).await.unwrap();

        assert_eq!(posted, Posted::default(), "{handler}");
        let mut arrived = on_sqs.arrived(handler).await;
        arrived.sort();
        let found: Vec<_> = arrived.iter().map(|arrived| arrived.group.as_deref()).collect();
        assert_eq!(found, groups, "{handler}");
    }
}

#[tokio::test]
async fn five_hundred_messages_of_one_tenant_do_not_hold_up_one_of_another() {
    let on_sqs = on_sqs().await;
    let of = |tenant: &str, body: &str| OutboxRow { group: Some(tenant.to_owned()), ..row(body) };
    for batch in 0..50 {
        let rows: Vec<_> = (0..10).map(|n| of("many", &format!("{batch}.{n}"))).collect();
        on_sqs.queue.send(HANDLER, &rows).await.unwrap();
    }
    let sqs = &on_sqs.endpoint.sqs;
    sqs.receive(HANDLER, 10, Duration::ZERO).await.unwrap();

    on_sqs.queue.send(HANDLER, &[of("few", "late")]).await.unwrap();

    let next = sqs.receive(HANDLER, 10, Duration::ZERO).await.unwrap();
    assert_eq!((next.len(), next[0].body.as_str()), (10, "late"));
}

pub(crate) fn row(body: &str) -> OutboxRow {
    OutboxRow {
        message_id: "7b0c0000-0000-5000-8000-00000000000b".parse().unwrap(),
        to: Destination::Queue(HANDLER.to_owned()),
        due: Timestamp::UNIX_EPOCH,
        body: body.to_owned(),
        r#type: "order.placed".to_owned(),
        correlation_id: "req-1".parse().unwrap(),
        group: None,
        decision: None,
    }
}
