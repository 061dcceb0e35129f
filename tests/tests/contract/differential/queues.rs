//! The simulated queue beside the local SQS.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local::sqs;
use postroom::memory::{ManualClock, SeededIds};
use postroom::port::{OutboxRow, Queue};
use postroom::simulation::{Received, SimulatedQueue};
use postroom::{Clock, Ids, OwnerToken};
use postroom_aws::SqsQueue;

use crate::endpoint::{Endpoint, HANDLER, IN_ORDER};

/// How many operations a list has.
const OPERATIONS: usize = 40;
/// What a receive can answer. There are never more messages than that: which of more a queue gives out is its own business.
const BATCH: usize = 10;
/// How long both hide what they give out.
const HIDDEN: u64 = 180;

#[tokio::test]
async fn a_simulated_standard_queue_gives_out_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, HANDLER, false).await.compare().await;
    }
}

#[tokio::test]
async fn a_simulated_fifo_queue_gives_out_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, IN_ORDER, true).await.compare().await;
    }
}

/// Two queues that are asked the same at the same time.
struct Pair {
    seed: u64,
    handler: &'static str,
    in_order: bool,
    clock: Arc<ManualClock>,
    simulated: SimulatedQueue,
    endpoint: Endpoint,
    sender: SqsQueue,
    random: SeededIds,
    sent: Vec<OutboxRow>,
    /// What both gave out, again and again.
    received: Vec<(Received, sqs::Received)>,
    history: Vec<String>,
}

impl Pair {
    async fn of(seed: u64, handler: &'static str, in_order: bool) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let time = clock.clone();
        let sqs = sqs::Sqs::with_clock(Arc::new(move || time.now()));
        let queue = if in_order { "tell-in-order.fifo" } else { HANDLER };
        let mut endpoint = Endpoint::over(sqs, &[queue]).await;
        let sender = endpoint.aws.queue(&mut endpoint.env, &[handler]);
        Self {
            seed,
            handler,
            in_order,
            clock,
            simulated: SimulatedQueue::new(in_order),
            endpoint,
            sender,
            random: SeededIds::new(seed),
            sent: Vec::new(),
            received: Vec::new(),
            history: Vec::new(),
        }
    }

    async fn compare(mut self) {
        for _ in 0..OPERATIONS {
            match self.below(7) {
                0 | 1 if self.sent.len() < BATCH => self.send().await,
                2 | 3 => self.receive().await,
                4 => self.delete(),
                5 => self.hide(),
                _ => self.wait(),
            }
        }
    }

    async fn send(&mut self) {
        let again = self.in_order && self.below(3) == 0;
        let row = match self.sent.last().filter(|_| again) {
            Some(row) if self.below(2) == 0 => {
                // By a person's decision.
                OutboxRow { decision: Some(self.random.fresh().into()), ..row.clone() }
            }
            Some(row) => row.clone(),
            None => self.row(),
        };
        self.history.push(format!("send {}", row.body));
        self.sender.send(self.handler, std::slice::from_ref(&row)).await.unwrap();
        self.simulated.accept(&row, 1, self.clock.now());
        self.sent.push(row);
    }

    async fn receive(&mut self) {
        let name = if self.in_order { "tell-in-order.fifo" } else { HANDLER };
        let mut real = self.endpoint.sqs.receive(name, BATCH, Duration::ZERO).await.unwrap();
        for message in &real {
            // Both have to hide alike; the queues of these tests hide for longer by themselves.
            self.change(message, Duration::from_secs(HIDDEN));
        }
        let mut simulated = self.simulated.receive(self.clock.now(), 0, BATCH);
        // Messages of a group are told apart by their order, others by what they say.
        if !self.in_order {
            real.sort_by(|left, right| left.body.cmp(&right.body));
            simulated.sort_by(|left, right| left.record.body.cmp(&right.record.body));
        }
        let bodies = |group: Option<&str>| -> (Vec<&str>, Vec<&str>) {
            let of_group =
                |found: Option<&String>| group.is_none() || found.map(String::as_str) == group;
            let of_real = real.iter().filter(|one| of_group(one.attributes.get("MessageGroupId")));
            let of_simulated = simulated.iter().filter(|one| of_group(one.record.group.as_ref()));
            (
                of_real.map(|one| one.body.as_str()).collect(),
                of_simulated.map(|one| one.record.body.as_str()).collect(),
            )
        };
        let groups: &[_] = if self.in_order { &[Some("a"), Some("b")] } else { &[None] };
        for group in groups {
            let (real, simulated) = bodies(*group);
            assert_eq!(real, simulated, "seed {}, group {group:?}: {:#?}", self.seed, self.history);
        }
        self.history.push(format!("receive {} messages", real.len()));
        let pairs = simulated.into_iter().filter_map(|simulated| {
            let same = real.iter().position(|real| real.body == simulated.record.body)?;
            Some((simulated, real.remove(same)))
        });
        let pairs: Vec<_> = pairs.collect();
        // Older receipts of the same messages stay: they are good for nothing on both sides.
        self.received.extend(pairs);
    }

    fn delete(&mut self) {
        let Some((simulated, real)) = self.any_received() else { return };
        self.history.push(format!("delete {}", real.body));
        self.simulated.delete(&simulated, self.clock.now());
        let name = if self.in_order { "tell-in-order.fifo" } else { HANDLER };
        // By a receipt that is too old it is refused, or does nothing; the next receive tells.
        let _ = self.endpoint.sqs.delete(name, &real.receipt_handle);
    }

    fn hide(&mut self) {
        let seconds = [0, 5, 60, 600][self.below(4)];
        let Some((simulated, real)) = self.any_received() else { return };
        self.history.push(format!("hide {} for {seconds} s", real.body));
        let until = self.clock.now() + Duration::from_secs(seconds);
        self.simulated.hide(&simulated, self.clock.now(), until);
        self.change(&real, Duration::from_secs(seconds));
    }

    fn any_received(&mut self) -> Option<(Received, sqs::Received)> {
        let many = self.received.len();
        (many > 0).then(|| self.received.remove(self.below(many)))
    }

    fn wait(&mut self) {
        let seconds = [1, 10, 61, 200][self.below(4)];
        self.history.push(format!("wait {seconds} s"));
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn change(&self, message: &sqs::Received, wait: Duration) {
        let name = if self.in_order { "tell-in-order.fifo" } else { HANDLER };
        let _ = self.endpoint.sqs.change_visibility(name, &message.receipt_handle, wait);
    }

    fn row(&mut self) -> OutboxRow {
        let group = ["a", "b"][self.below(2)];
        OutboxRow {
            message_id: self.random.fresh().into(),
            handler: self.handler.to_owned(),
            due: Timestamp::UNIX_EPOCH,
            body: format!("message {:02}", self.sent.len()),
            r#type: "order.placed".to_owned(),
            correlation_id: "req-1".parse().unwrap(),
            group: self.in_order.then(|| group.to_owned()),
            decision: None,
        }
    }

    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        let random = OwnerToken::from(self.random.fresh()).uuid().as_u64_pair().1;
        usize::try_from(random % 1_000_003).unwrap() % end
    }
}
