//! What goes wrong, drawn from the seed.
//!
//! By the count of commands and not by the clock: on a slow machine more accidents would meet each message.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tests::World;

use crate::letters;
use crate::seed::Seed;

/// One command in so many is followed by the death of a function, in all its processes.
const KILL_EVERY: u64 = 25;
/// One in so many is followed by failures of the ad provider.
const PROVIDER_EVERY: u64 = 60;
/// One in so many is followed by failures of AWS.
const AWS_EVERY: u64 = 6;
/// One in so many is followed by a run of the relay, one by a run of the schedule.
const RELAY_EVERY: u64 = 25;
const SCHEDULE_EVERY: u64 = 80;
/// One in so many is followed by an operator who redrives what failed for good.
const REDRIVE_EVERY: u64 = 30;
/// The provider refuses so many campaigns for good, of which it keeps the faults, and it keeps a hundred.
const MOST_DOOMED: u64 = 40;
/// It fails over so many until it heals, so that their queues give them up: the first, and one in so many others.
const MOST_AILING: u64 = 20;
const AILING: u64 = 25;

/// Who is killed, each as often as it stands here.
const FUNCTIONS: [&str; 9] = [
    "api",
    "api",
    "collect-dead-letters",
    "project-views",
    "project-views",
    "relay-outbox",
    "schedule-statistics",
    "sync-campaign",
    "sync-statistics",
];

/// Calls that go wrong, each as often as it stands here: every one that is made all the time.
const CALLS: [(&str, &str); 18] = [
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "UpdateItem"),
    ("dynamodb", "BatchWriteItem"),
    ("dynamodb", "BatchWriteItem"),
    ("sqs", "SendMessageBatch"),
    ("sqs", "SendMessageBatch"),
    ("sqs", "SendMessageBatch"),
    ("sqs", "ChangeMessageVisibilityBatch"),
    ("dynamodb", "Query"),
    ("dynamodb", "Query"),
];

/// Longer than a worker waits for the provider.
const HANGS_MS: u64 = 11_000;

/// How much was done to the system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Happened {
    pub(crate) kills: u64,
    pub(crate) provider_faults: u64,
    pub(crate) aws_faults: u64,
    pub(crate) schedules: u64,
    pub(crate) doomed: u64,
    pub(crate) ailing: u64,
    /// Letters that were redriven meanwhile, as far as that was answered.
    pub(crate) redriven: u64,
}

/// Accidents that go on as long as there are commands.
pub(crate) struct Accidents {
    state: Mutex<(Seed, Happened)>,
}

impl Accidents {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { state: Mutex::new((seed, Happened::default())) }
    }

    /// The first ones, which are certain to be met however short the soak.
    pub(crate) async fn begin(&self, world: &World) {
        world.provider_fault(json!({"campaign_id": "*", "times": 2, "status": 503})).await;
        let faults = [
            json!({"service": "dynamodb", "action": "TransactWriteItems", "times": 1,
                "drop_response": true}),
            json!({"service": "sqs", "action": "SendMessageBatch", "times": 1, "status": 400}),
            json!({"service": "sqs", "action": "ChangeMessageVisibilityBatch", "times": 1,
                "status": 400}),
            json!({"service": "dynamodb", "action": "TransactWriteItems",
                "function": "collect-dead-letters", "times": 2, "kill_caller": "before"}),
        ];
        for fault in faults {
            world.aws_fault(fault).await;
        }
        self.change(|_, happened| {
            happened.provider_faults += 1;
            happened.aws_faults += 4;
        });
    }

    /// What happens after one command: most often nothing.
    pub(crate) async fn follow(&self, world: &World) {
        let (killed, provider, aws, schedule, redrive) = self.change(|seed, happened| {
            let killed = seed.once_in(KILL_EVERY).then(|| seed.of(&FUNCTIONS));
            let provider = seed.once_in(PROVIDER_EVERY).then(|| provider_fault(seed));
            let aws = seed.once_in(AWS_EVERY).then(|| aws_fault(seed, &CALLS));
            let relay = seed.once_in(RELAY_EVERY).then_some("relay-outbox");
            let schedule = seed.once_in(SCHEDULE_EVERY).then_some("schedule-statistics");
            happened.kills += u64::from(killed.is_some());
            happened.provider_faults += u64::from(provider.is_some());
            happened.aws_faults += u64::from(aws.is_some());
            happened.schedules += u64::from(schedule.is_some());
            (killed, provider, aws, schedule.or(relay), seed.once_in(REDRIVE_EVERY))
        });
        if let Some(function) = killed {
            world.system().kill(function);
        }
        if let Some(fault) = provider {
            world.provider_fault(fault).await;
        }
        if let Some(fault) = aws {
            world.aws_fault(fault).await;
        }
        if let Some(schedule) = schedule {
            world.post(&format!("/dev/schedules/{schedule}")).await.expect(202);
        }
        if redrive {
            self.redrive(world).await;
        }
    }

    /// An operator redrives what there is, whatever goes wrong meanwhile.
    pub(crate) async fn redrive(&self, world: &World) {
        let redriven = letters::redrive_meanwhile(world).await;
        self.change(|_, happened| happened.redriven += redriven);
    }

    /// Lets the provider refuse all about a campaign for good, and the table of dead letters fail now and then.
    pub(crate) async fn doom(&self, world: &World, campaign: &str) -> bool {
        let (status, throttled) = self.change(|seed, happened| {
            let status = (happened.doomed < MOST_DOOMED).then(|| seed.of(&[404, 410]));
            happened.doomed += u64::from(status.is_some());
            (status, seed.once_in(2))
        });
        let Some(status) = status else { return false };
        let fault = json!({"campaign_id": campaign, "times": 10_000, "status": status});
        world.provider_fault(fault).await;
        if throttled {
            let fault =
                json!({"service": "dynamodb", "action": "PutItem", "times": 1, "status": 500});
            world.aws_fault(fault).await;
            self.change(|_, happened| happened.aws_faults += 1);
        }
        true
    }

    /// Lets the provider fail over a campaign, now and then, for as long as there are accidents.
    pub(crate) async fn ail(&self, world: &World, campaign: &str) {
        let status = self.change(|seed, happened| {
            let first = happened.ailing == 0;
            let ails = first || (happened.ailing < MOST_AILING && seed.once_in(AILING));
            happened.ailing += u64::from(ails);
            ails.then(|| seed.of(&[500, 503]))
        });
        if let Some(status) = status {
            let fault = json!({"campaign_id": campaign, "times": 10_000, "status": status});
            world.provider_fault(fault).await;
        }
    }

    pub(crate) fn happened(&self) -> Happened {
        self.change(|_, happened| *happened)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seed, &mut Happened) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (seed, happened) = &mut *state;
        change(seed, happened)
    }
}

/// The next calls are refused, or answered late, with nonsense, or too late for anybody.
fn provider_fault(seed: &mut Seed) -> Value {
    let times = seed.between(1, 3);
    match seed.between(0, 5) {
        0 => json!({"campaign_id": "*", "times": times, "status": 429, "retry_after_s": 1}),
        1 => json!({"campaign_id": "*", "times": times, "status": 500}),
        2 => json!({"campaign_id": "*", "times": times, "status": 503}),
        3 => json!({"campaign_id": "*", "times": times, "garbled": true}),
        4 => json!({"campaign_id": "*", "times": 1, "delay_ms": HANGS_MS}),
        _ => json!({"campaign_id": "*", "times": times, "delay_ms": seed.between(100, 800)}),
    }
}

/// The next calls of one of these operations, whoever makes them, are throttled, fail, are slow, lose their answer, kill their
/// caller, or get lost on the way there or back. Times of more than two outlast what the SDK repeats by itself.
pub(crate) fn aws_fault(seed: &mut Seed, calls: &[(&str, &str)]) -> Value {
    let (service, action) = seed.of(calls);
    let mut fault = json!({"service": service, "action": action, "times": 1});
    let when = seed.of(&["before", "after"]);
    match seed.between(0, 19) {
        0..=6 => {
            fault["status"] = json!(400);
            fault["times"] = json!(seed.between(1, 5));
        }
        7..=10 => {
            fault["status"] = json!(seed.of(&[500, 503]));
            fault["times"] = json!(seed.between(1, 4));
        }
        11..=13 => {
            fault["drop_response"] = json!(true);
            fault["times"] = json!(seed.between(1, 2));
        }
        14..=16 => fault["kill_caller"] = json!(when),
        17..=18 => fault["delay_ms"] = json!(seed.between(50, 500)),
        // Each costs its caller three seconds.
        _ => fault["time_out"] = json!(when),
    }
    fault
}
