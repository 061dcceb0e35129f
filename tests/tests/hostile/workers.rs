//! Batches whose jobs fail in any way: waits keep their bounds, and groups their order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::doc_example::OrderPlaced;
use postroom::memory::{ManualClock, MemoryQueue, MemoryStore, SeededIds};
use postroom::{
    Classify, Courier, Disposition, Effects, Envelope, Job, OnUnknown, Outcome, Ports, Reactions,
    Record, Runtime, Tx, Verdict, Worker,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::fixture;

use crate::input::{block, cases};

const HANDLER: &str = "charge-card";
/// The longest that SQS hides a message, less what the answer may take.
const LONGEST: Duration = Duration::from_hours(11);

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Finish,
    Busy { after: Duration },
    Never,
    Panic,
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("busy")]
    Busy { after: Duration },
    #[error("never")]
    Never,
}

impl Classify for Failed {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Busy { after } => Verdict::Retry { after: *after },
            Self::Never => Verdict::Permanent,
        }
    }
}

/// Does with each order what was written for it, and notes which it began.
struct Script {
    steps: BTreeMap<String, Step>,
    begun: Arc<Mutex<Vec<String>>>,
}

impl Job<OrderPlaced> for Script {
    const NAME: &'static str = HANDLER;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = Failed;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, Failed> {
        let order = &message.data.order;
        self.begun.lock().unwrap().push(order.clone());
        match self.steps[order] {
            Step::Finish => Ok(Outcome::DONE),
            Step::Busy { after } => Err(Failed::Busy { after }),
            Step::Never => Err(Failed::Never),
            Step::Panic => panic!("{order} is cursed"),
        }
    }

    async fn record(&self, _: &Envelope<OrderPlaced>, (): &(), _: &mut Tx) -> Result<(), Failed> {
        Ok(())
    }
}

struct Bench {
    worker: Worker,
    clock: Arc<ManualClock>,
    begun: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new(steps: impl IntoIterator<Item = (String, Step)>, seed: u64) -> Self {
        let stored = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let ports = Ports {
            store: stored.clone(),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: Courier::new(stored.clone(), Arc::new(MemoryQueue::default()), clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(seed)),
        };
        let runtime = Runtime::new(ports, Reactions::default());
        let begun = Arc::default();
        let script = Script { steps: steps.into_iter().collect(), begun: Arc::clone(&begun) };
        Self { worker: Worker::new(HANDLER, runtime, stored).job(script), clock, begun }
    }
}

/// The message about an order of its own, in a group if it has one.
fn record(order: &str, number: usize, group: Option<&str>) -> Record {
    let standard = fixture("sqs/standard.json");
    let mut body: Value =
        serde_json::from_str(standard["Records"][0]["body"].as_str().unwrap()).unwrap();
    body["id"] = json!(format!("7b0c0000-0000-5000-8000-{number:012}"));
    body["data"]["order"] = json!(order);
    let group = group.map(str::to_owned);
    Record {
        message_id: order.to_owned(),
        body: body.to_string(),
        group,
        receives: 1,
        refused: None,
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Finish),
        1 => Just(Step::Busy { after: Duration::ZERO }),
        1 => Just(Step::Never),
        1 => Just(Step::Panic),
    ]
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_wait_is_as_long_as_asked_and_no_longer_than_its_attempt_and_the_queue_allow(
        asked_ms in prop_oneof![0..600_000_u64, any::<u32>().prop_map(u64::from), any::<u64>()],
        seed in any::<u64>(),
    ) {
        let after = Duration::from_millis(asked_ms);
        block(async {
            let bench = Bench::new([("order".to_owned(), Step::Busy { after })], seed);
            let records = [record("order", 1, None)];
            for ceiling in [2, 10, 50, 250].map(Duration::from_secs) {
                let dispositions = bench.worker.process(&records, None).await;

                let Disposition::Redeliver { after: Some(wait) } = dispositions[0] else {
                    panic!("{dispositions:?}");
                };
                assert!(wait >= after.min(LONGEST), "{wait:?} where {after:?} was asked");
                assert!(wait <= after.max(ceiling).min(LONGEST), "{wait:?}, of {ceiling:?}");
                bench.clock.advance(wait);
            }
            let last = bench.worker.process(&records, None).await;
            assert_eq!(last, [Disposition::Acknowledge], "parked");
        });
    }

    #[test]
    fn a_group_runs_in_its_order_up_to_its_first_failure_and_no_other_group_cares(
        script in vec((0..3_usize, step()), 1..12),
        seed in any::<u64>(),
    ) {
        let groups = ["a", "b", "c"];
        let order = |number: usize| format!("{}{number}", groups[script[number].0]);
        let steps = script.iter().enumerate().map(|(number, (_, step))| (order(number), *step));
        let bench = Bench::new(steps, seed);
        let records: Vec<Record> = script
            .iter()
            .enumerate()
            .map(|(number, (group, _))| record(&order(number), number, Some(groups[*group])))
            .collect();

        let dispositions = block(bench.worker.process(&records, None));

        let begun = bench.begun.lock().unwrap().clone();
        for (group, name) in groups.iter().enumerate() {
            let of_group: Vec<usize> =
                (0..script.len()).filter(|number| script[*number].0 == group).collect();
            let comes_again = |number: &&usize| {
                !matches!(script[**number].1, Step::Finish | Step::Never)
            };
            let end = of_group.iter().find(comes_again);
            let runs = of_group.iter().filter(|number| end.is_none_or(|end| *number <= end));
            let expected: Vec<String> = runs.map(|number| order(*number)).collect();
            let ran: Vec<String> =
                begun.iter().filter(|order| order.starts_with(name)).cloned().collect();
            prop_assert_eq!(ran, expected);
            for number in &of_group {
                let stays = end.is_some_and(|end| number >= end);
                prop_assert_eq!(dispositions[*number] != Disposition::Acknowledge, stays);
            }
        }
    }
}
