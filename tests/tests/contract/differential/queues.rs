//! The simulated queue beside the local SQS.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local::sqs;
use postroom::memory::{ManualClock, SeededIds};
use postroom::port::{Destination, OutboxRow, Queue};
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
/// The longest that a message is hidden.
const LONGEST: u64 = 600;
/// How often those queues give a message out that give up.
const MOST_RECEIVES: u32 = 2;

#[tokio::test]
async fn a_simulated_standard_queue_gives_out_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, false, None).await.compare().await;
    }
}

#[tokio::test]
async fn a_simulated_fifo_queue_gives_out_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, true, None).await.compare().await;
    }
}

#[tokio::test]
async fn a_simulated_standard_queue_gives_up_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, false, Some(MOST_RECEIVES)).await.compare_to_the_last().await;
    }
}

#[tokio::test]
async fn a_simulated_fifo_queue_gives_up_what_sqs_does() {
    for seed in crate::differential::seeds() {
        Pair::of(seed, true, Some(MOST_RECEIVES)).await.compare_to_the_last().await;
    }
}

/// Two queues that are asked the same at the same time, and what they give up.
struct Pair {
    seed: u64,
    handler: &'static str,
    in_order: bool,
    most_receives: Option<u32>,
    clock: Arc<ManualClock>,
    main: Side,
    dead: Side,
    endpoint: Endpoint,
    sender: SqsQueue,
    random: SeededIds,
    sent: Vec<OutboxRow>,
    history: Vec<String>,
}

/// A queue of SQS and the simulated one, and what both gave out, again and again.
struct Side {
    name: &'static str,
    simulated: SimulatedQueue,
    received: Vec<(Received, sqs::Received)>,
}

impl Side {
    fn new(name: &'static str, simulated: SimulatedQueue) -> Self {
        Self { name, simulated, received: Vec::new() }
    }
}

impl Pair {
    async fn of(seed: u64, in_order: bool, most_receives: Option<u32>) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let time = clock.clone();
        let sqs = sqs::Sqs::with_clock(Arc::new(move || time.now()));
        let (handler, main, dead) = if in_order {
            (IN_ORDER, "tell-in-order.fifo", "tell-in-order-dlq.fifo")
        } else {
            (HANDLER, HANDLER, "tell-owner-dlq")
        };
        let mut simulated = SimulatedQueue::new(in_order);
        if let Some(most) = most_receives {
            create_giving_up(&sqs, main, dead, most);
            simulated = simulated.giving_up_after(most);
        }
        let mut endpoint = Endpoint::over(sqs, &[main, dead]).await;
        let sender = endpoint.aws.queue(&mut endpoint.env, &[handler]);
        Self {
            seed,
            handler,
            in_order,
            most_receives,
            clock,
            main: Side::new(main, simulated),
            dead: Side::new(dead, SimulatedQueue::new(in_order)),
            endpoint,
            sender,
            random: SeededIds::new(seed),
            sent: Vec::new(),
            history: Vec::new(),
        }
    }

    async fn compare(&mut self) {
        for _ in 0..OPERATIONS {
            let of_dead = self.most_receives.is_some() && self.below(4) == 0;
            match self.below(7) {
                0 | 1 if self.sent.len() < BATCH => self.send().await,
                2 | 3 if of_dead => self.receive_dead().await,
                2 | 3 => self.receive().await,
                4 => self.delete(of_dead),
                5 => self.hide(of_dead),
                _ => self.wait(),
            }
        }
    }

    /// The same, and then until all that was never deleted is given up.
    async fn compare_to_the_last(&mut self) {
        self.compare().await;
        for _ in 0..=MOST_RECEIVES {
            self.clock.advance(Duration::from_secs(LONGEST));
            self.receive().await;
        }
        self.receive_dead().await;
        self.clock.advance(Duration::from_secs(LONGEST));

        assert_eq!(self.waiting(self.main.name), 0, "seed {}: {:#?}", self.seed, self.history);
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
        self.main.simulated.accept(&row, 1, self.clock.now());
        self.sent.push(row);
    }

    /// Receives on both, and moves what the simulated one gives up by that, as SQS does by itself.
    async fn receive(&mut self) {
        let before = self.waiting(self.dead.name);
        let real = self.endpoint.sqs.receive(self.main.name, BATCH, Duration::ZERO).await.unwrap();
        let given_up = self.waiting(self.dead.name) - before;
        let simulated = self.main.simulated.receive(self.clock.now(), 0, BATCH);
        let moved = self.main.simulated.take_given_up();
        self.history.push(format!("receive {}, give up {given_up}", real.len()));
        assert_eq!(moved.len(), given_up, "seed {}: {:#?}", self.seed, self.history);
        for message in &moved {
            self.dead.simulated.accept_given_up(message, 1, self.clock.now());
        }
        let pairs = self.pairs(self.main.name, real, simulated);
        for (simulated, real) in &pairs {
            let receives = &real.attributes["ApproximateReceiveCount"];
            assert_eq!(&simulated.record.receives.to_string(), receives, "seed {}", self.seed);
        }
        self.main.received.extend(pairs);
    }

    async fn receive_dead(&mut self) {
        let real = self.endpoint.sqs.receive(self.dead.name, BATCH, Duration::ZERO).await.unwrap();
        let simulated = self.dead.simulated.receive(self.clock.now(), 0, BATCH);
        self.history.push(format!("receive {} that were given up", real.len()));
        let pairs = self.pairs(self.dead.name, real, simulated);
        self.dead.received.extend(pairs);
    }

    /// What both gave out, message by message: it has to be the same. Older receipts of the same messages stay where they
    /// are: they are good for nothing on both sides.
    fn pairs(
        &self,
        queue: &str,
        mut real: Vec<sqs::Received>,
        mut simulated: Vec<Received>,
    ) -> Vec<(Received, sqs::Received)> {
        for message in &real {
            // Both have to hide alike; the queues of these tests hide for longer by themselves.
            self.change(queue, message, Duration::from_secs(HIDDEN));
        }
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
            let found = format!("seed {}, {queue}, group {group:?}: ", self.seed);
            assert_eq!(real, simulated, "{found}{:#?}", self.history);
        }
        let pairs = simulated.into_iter().filter_map(|simulated| {
            let same = real.iter().position(|real| real.body == simulated.record.body)?;
            Some((simulated, real.remove(same)))
        });
        pairs.collect()
    }

    fn delete(&mut self, of_dead: bool) {
        let Some((simulated, real)) = self.any_received(of_dead) else { return };
        self.history.push(format!("delete {}", real.body));
        let now = self.clock.now();
        let side = self.side(of_dead);
        side.simulated.delete(&simulated, now);
        let name = side.name;
        // By a receipt that is too old it is refused, or does nothing; the next receive tells.
        let _ = self.endpoint.sqs.delete(name, &real.receipt_handle);
    }

    fn hide(&mut self, of_dead: bool) {
        let seconds = [0, 5, 60, LONGEST][self.below(4)];
        let Some((simulated, real)) = self.any_received(of_dead) else { return };
        self.history.push(format!("hide {} for {seconds} s", real.body));
        let now = self.clock.now();
        let side = self.side(of_dead);
        side.simulated.hide(&simulated, now, now + Duration::from_secs(seconds));
        let name = side.name;
        self.change(name, &real, Duration::from_secs(seconds));
    }

    fn any_received(&mut self, of_dead: bool) -> Option<(Received, sqs::Received)> {
        let many = self.side(of_dead).received.len();
        let any = (many > 0).then(|| self.below(many))?;
        Some(self.side(of_dead).received.remove(any))
    }

    fn side(&mut self, of_dead: bool) -> &mut Side {
        if of_dead { &mut self.dead } else { &mut self.main }
    }

    fn wait(&mut self) {
        let seconds = [1, 10, 61, 200][self.below(4)];
        self.history.push(format!("wait {seconds} s"));
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn change(&self, queue: &str, message: &sqs::Received, wait: Duration) {
        let _ = self.endpoint.sqs.change_visibility(queue, &message.receipt_handle, wait);
    }

    /// How many messages SQS has in a queue, hidden ones too.
    fn waiting(&self, queue: &str) -> usize {
        let attributes = self.endpoint.sqs.attributes(queue).unwrap();
        let count = |name| attributes[name].parse::<usize>().unwrap();
        count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible")
    }

    fn row(&mut self) -> OutboxRow {
        let group = ["a", "b"][self.below(2)];
        OutboxRow {
            message_id: self.random.fresh().into(),
            to: Destination::Queue(self.handler.to_owned()),
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

/// A queue that gives up into another, as the stack's do.
fn create_giving_up(sqs: &sqs::Sqs, main: &str, dead: &str, most_receives: u32) {
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{dead}");
    let policy =
        format!(r#"{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {most_receives}}}"#);
    let fifo = || (dead.rsplit('.').next() == Some("fifo")).then_some(("FifoQueue", "true"));
    let create = |name: &str, attributes: &[(&str, &str)]| {
        let attributes = attributes.iter().copied().chain(fifo());
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        sqs.create_queue(name, &attributes.collect()).unwrap();
    };
    create(dead, &[("VisibilityTimeout", "600")]);
    create(main, &[("VisibilityTimeout", "600"), ("RedrivePolicy", &policy)]);
}
