//! One environment: a process, and the event it has.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::sleep;
use uuid::Uuid;

use super::process::Process;
use super::registry::{Delivery, Phase, Registration, Registry};
use super::{FunctionError, Launch, Log, Processes};
use crate::template::{ACCOUNT, REGION};

/// How long a process may take until it asks for its first event.
// Lambda allows 10 s; a debug build on a laptop that is compiling gets more.
const INIT_TIMEOUT: Duration = Duration::from_secs(30);

/// What environments are started with.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub registry: Arc<Registry>,
    /// The Runtime API's address, `http://127.0.0.1:PORT`.
    pub runtime_api: String,
    pub processes: Processes,
    pub log: Log,
}

/// How an invocation in one environment went wrong.
#[derive(Debug)]
pub(super) enum RunError {
    /// The function reported an error; the environment can be used again.
    Function(FunctionError),
    /// The process overran the time-out; it has to be killed.
    TimedOut,
    /// The process ended with the event in its hands.
    Crashed { reason: String },
    /// The process had ended before it took the event, which can go to another.
    NeverTaken,
}

/// A process that asked for its first event.
#[derive(Debug)]
pub(super) struct Environment {
    registration: Registration,
    process: Process,
}

impl Environment {
    /// Starts a process and waits until it is ready.
    ///
    /// # Errors
    /// The reason, in words, why it does not start.
    pub(super) async fn start(launch: &Launch, with: &Surroundings) -> Result<Self, String> {
        let registration = with.registry.open(&launch.function);
        let runtime_api = format!("{}/{}", with.runtime_api, registration.id);
        let mut process = Process::spawn(launch, &runtime_api, &with.processes, &with.log)
            .map_err(|error| format!("cannot run {}: {error}", launch.program.display()))?;

        let failure = tokio::select! {
            phase = registration.slot.started() => match phase {
                Phase::Ready => return Ok(Self { registration, process }),
                Phase::InitFailed(error) => error.to_string(),
                Phase::Starting | Phase::Closed => "the host is stopping".to_owned(),
            },
            reason = process.ended() => {
                return Err(format!("it ended before it asked for an event: {reason}"));
            }
            () = sleep(INIT_TIMEOUT) => {
                format!("it asked for no event within {} s", INIT_TIMEOUT.as_secs())
            }
        };
        process.kill().await;
        Err(failure)
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Gives the process an event and waits for its answer, its end, or the time-out.
    pub(super) async fn run(
        &mut self,
        request_id: &str,
        launch: &Launch,
        payload: Bytes,
    ) -> Result<Bytes, RunError> {
        let slot = &self.registration.slot;
        let answered = slot.send(delivery(request_id, launch, payload));

        tokio::select! {
            // An answer given in the last moment, or just before the end, still counts.
            biased;
            answer = answered => match answer {
                Ok(answer) => answer.map_err(RunError::Function),
                Err(_) => Err(RunError::NeverTaken),
            },
            reason = self.process.ended() => {
                if slot.was_delivered() {
                    Err(RunError::Crashed { reason })
                } else {
                    Err(RunError::NeverTaken)
                }
            }
            () = sleep(launch.timeout) => Err(RunError::TimedOut),
        }
    }

    pub(super) async fn kill(self) {
        self.process.kill().await;
    }

    /// Ends the process; one that registered an extension is asked first, as on AWS.
    pub(super) async fn shut_down(self) {
        if self.registration.slot.has_extension() {
            self.process.shut_down().await;
        } else {
            self.process.kill().await;
        }
    }
}

fn delivery(request_id: &str, launch: &Launch, payload: Bytes) -> Delivery {
    let now = Timestamp::now();
    let timeout_ms = i64::try_from(launch.timeout.as_millis()).unwrap_or(i64::MAX);
    let unique = Uuid::now_v7().simple().to_string();
    let name = launch.environment.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or(&launch.function);
    Delivery {
        request_id: request_id.to_owned(),
        deadline_ms: now.as_millisecond().saturating_add(timeout_ms),
        function_arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
        // X-Ray's form: eight digits of time in seconds, 24 that are unique.
        trace_id: format!("Root=1-{:08x}-{};Sampled=1", now.as_second(), &unique[8..]),
        payload,
    }
}
