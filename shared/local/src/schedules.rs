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
use crate::template::{ACCOUNT, REGION, STACK, Schedule, ScheduleKind};

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
        let fired = runner.fire().await;
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
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.requested.notified() => {}
            }
            if let Err(error) = self.fire().await {
                let error = anyhow::Error::new(error);
                tracing::warn!("schedule {} failed: {error:#}", self.schedule.name);
            }
        }
    }

    async fn fire(&self) -> Result<(), InvokeError> {
        let _running = self.running.lock().await;
        let payload = match &self.schedule.input {
            Some(input) => input.clone(),
            None => event(&self.schedule, Timestamp::now()).to_string(),
        };
        self.functions.invoke(&self.schedule.function, Bytes::from(payload)).await?;
        Ok(())
    }
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
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:{resource}")],
        "detail": detail,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_service_sends_its_own_event() {
        let schedule = |kind| Schedule {
            name: "tick".to_owned(),
            kind,
            function: "fn".to_owned(),
            every: Duration::from_mins(1),
            input: None,
        };
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
