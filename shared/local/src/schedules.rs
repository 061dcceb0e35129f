//! Functions that are invoked at an interval, or now when asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use uuid::Uuid;

use crate::lambda::{Invoke, InvokeError};
use crate::template::{ACCOUNT, REGION, SCHEDULED_TIME, STACK, Schedule, ScheduleKind};

/// Why a schedule did not fire, or its function failed.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    /// The template has no such schedule.
    #[error("there is no schedule {name}; there are: {known}")]
    Unknown { name: String, known: String },
    /// The function gave no answer, or an error.
    #[error("schedule {name} fired in vain")]
    Invoke {
        name: String,
        #[source]
        source: InvokeError,
    },
}

/// All schedules of the stack; one never overlaps itself.
#[derive(Debug)]
pub(crate) struct Schedules {
    runners: BTreeMap<String, Arc<Runner>>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Runner {
    schedule: Schedule,
    functions: Arc<dyn Invoke>,
    /// Remembers one request that came while the function ran; more are the same one.
    requested: Notify,
    running: tokio::sync::Mutex<()>,
}

impl Schedules {
    pub(crate) fn start(schedules: &[Schedule], functions: &Arc<dyn Invoke>) -> Self {
        let mut tasks = JoinSet::new();
        let mut runners = BTreeMap::new();
        for schedule in schedules {
            let runner = Arc::new(Runner {
                schedule: schedule.clone(),
                functions: Arc::clone(functions),
                requested: Notify::new(),
                running: tokio::sync::Mutex::default(),
            });
            runners.insert(schedule.name.clone(), Arc::clone(&runner));
            tasks.spawn(async move { runner.run_forever().await });
        }
        Self { runners, tasks: Mutex::new(tasks) }
    }

    /// Fires a schedule and waits for the function's answer.
    pub(crate) async fn fire(&self, name: &str) -> Result<(), FireError> {
        let runner = self.find(name)?;
        let fired = runner.fire(Timestamp::now()).await;
        fired.map_err(|source| FireError::Invoke { name: name.to_owned(), source })
    }

    /// Has a schedule fire as soon as it can, without waiting.
    pub(crate) fn request(&self, name: &str) -> Result<(), FireError> {
        self.find(name)?.requested.notify_one();
        Ok(())
    }

    pub(crate) async fn stop(&self) {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    fn find(&self, name: &str) -> Result<&Runner, FireError> {
        self.runners.get(name).map(AsRef::as_ref).ok_or_else(|| FireError::Unknown {
            name: name.to_owned(),
            known: self.runners.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }
}

impl Runner {
    async fn run_forever(&self) {
        let every = self.schedule.every;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let due = tokio::select! {
                // A tick that comes late was due before now.
                due = ticks.tick() => Timestamp::now() - due.elapsed(),
                () = self.requested.notified() => Timestamp::now(),
            };
            if let Err(error) = self.fire(due).await {
                let error = anyhow::Error::new(error);
                tracing::warn!("schedule {} failed: {error:#}", self.schedule.name);
            }
        }
    }

    async fn fire(&self, due: Timestamp) -> Result<(), InvokeError> {
        let _running = self.running.lock().await;
        let payload = payload(&self.schedule, due);
        self.functions.invoke(&self.schedule.function, Bytes::from(payload)).await?;
        Ok(())
    }
}

/// What a schedule sends that was due at a time; one that is fired by hand is due then.
fn payload(schedule: &Schedule, due: Timestamp) -> String {
    match (&schedule.input, schedule.kind) {
        (Some(input), ScheduleKind::EventBridgeScheduler) => {
            input.replace(SCHEDULED_TIME, &to_the_second(due))
        }
        (Some(input), ScheduleKind::EventBridgeRule) => input.clone(),
        (None, _) => event(schedule, Timestamp::now()).to_string(),
    }
}

fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The event a schedule without an input sends.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html> and
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>, named
/// from memory 2026-11-21.
fn event(schedule: &Schedule, now: Timestamp) -> Value {
    let name = &schedule.name;
    let (source, resource, detail) = match schedule.kind {
        ScheduleKind::EventBridgeScheduler => (
            "aws.scheduler",
            format!("scheduler:{REGION}:{ACCOUNT}:schedule/{STACK}/{name}"),
            json!("{}"),
        ),
        ScheduleKind::EventBridgeRule => {
            ("aws.events", format!("events:{REGION}:{ACCOUNT}:rule/{name}"), json!({}))
        }
    };
    json!({
        "version": "0",
        "id": Uuid::now_v7(),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": ACCOUNT,
        "time": to_the_second(now),
        "region": REGION,
        "resources": [format!("arn:aws:{resource}")],
        "detail": detail,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::BoxFuture;
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::lambda::Response;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A function that takes its time, and counts.
    #[derive(Debug, Default)]
    struct Slow {
        runs: AtomicUsize,
        running: AtomicUsize,
        most_at_once: AtomicUsize,
    }

    impl Invoke for Slow {
        fn invoke<'a>(
            &'a self,
            _function: &'a str,
            _payload: Bytes,
        ) -> BoxFuture<'a, Result<Response, InvokeError>> {
            Box::pin(async {
                let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_at_once.fetch_max(running, Ordering::SeqCst);
                sleep(Duration::from_millis(30)).await;
                self.running.fetch_sub(1, Ordering::SeqCst);
                self.runs.fetch_add(1, Ordering::SeqCst);
                Ok(Response { request_id: "r".to_owned(), payload: Bytes::new() })
            })
        }
    }

    fn every(every: Duration) -> Schedule {
        Schedule {
            name: "tick".to_owned(),
            kind: ScheduleKind::EventBridgeScheduler,
            function: "fn".to_owned(),
            every,
            input: None,
        }
    }

    #[tokio::test]
    async fn a_schedule_fires_at_its_interval_and_never_overlaps_itself() {
        let slow = Arc::new(Slow::default());
        let functions: Arc<dyn Invoke> = slow.clone();

        let schedules = Schedules::start(&[every(Duration::from_millis(20))], &functions);
        let fired = timeout(PATIENCE, async {
            while slow.runs.load(Ordering::SeqCst) < 3 {
                schedules.fire("tick").await.expect("fired by hand as well");
            }
        });

        fired.await.expect("in time");
        schedules.stop().await;
        assert_eq!(slow.most_at_once.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_schedule_fires_first_when_its_interval_is_over() {
        let slow = Arc::new(Slow::default());
        let functions: Arc<dyn Invoke> = slow.clone();

        let schedules = Schedules::start(&[every(Duration::from_millis(300))], &functions);
        sleep(Duration::from_millis(50)).await;
        let early = slow.runs.load(Ordering::SeqCst) + slow.running.load(Ordering::SeqCst);
        let fired = timeout(PATIENCE, async {
            while slow.runs.load(Ordering::SeqCst) < 2 {
                sleep(Duration::from_millis(5)).await;
            }
        });

        fired.await.expect("twice by itself");
        schedules.stop().await;
        assert_eq!(early, 0);
    }

    #[test]
    fn the_input_of_the_scheduler_tells_when_it_was_due_and_that_of_a_rule_is_sent_as_it_is() {
        let input = r#"{"time":"<aws.scheduler.scheduled-time>"}"#;
        let schedule = |kind| Schedule {
            kind,
            input: Some(input.to_owned()),
            ..every(Duration::from_mins(1))
        };
        let due = "2026-11-21T12:34:56.789Z".parse().unwrap();

        let by_scheduler = payload(&schedule(ScheduleKind::EventBridgeScheduler), due);
        let by_rule = payload(&schedule(ScheduleKind::EventBridgeRule), due);

        assert_eq!(by_scheduler, r#"{"time":"2026-11-21T12:34:56Z"}"#);
        assert_eq!(by_rule, input);
    }

    #[test]
    fn each_service_sends_its_own_event() {
        let schedule = |kind| Schedule { kind, ..every(Duration::from_mins(1)) };
        let now = "2026-11-21T12:34:56.789Z".parse().unwrap();

        let by_scheduler = event(&schedule(ScheduleKind::EventBridgeScheduler), now);
        let by_rule = event(&schedule(ScheduleKind::EventBridgeRule), now);

        assert_eq!(by_scheduler["time"], "2026-11-21T12:34:56Z");
        assert_eq!(by_scheduler["source"], "aws.scheduler");
        assert_eq!(by_scheduler["detail"], "{}", "the scheduler sends a text");
        assert_eq!(
            by_scheduler["resources"],
            json!(["arn:aws:scheduler:us-east-1:000000000000:schedule/local/tick"])
        );
        assert_eq!(by_rule["source"], "aws.events");
        assert_eq!(by_rule["detail"], json!({}), "a rule sends an object");
        assert_eq!(
            by_rule["resources"],
            json!(["arn:aws:events:us-east-1:000000000000:rule/tick"])
        );
    }
}
