//! The environments of one function.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::environment::{Environment, RunError, Surroundings};
use super::{InvokeError, Launch};

/// How long an invocation waits for a free environment; API Gateway gives up after as long.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after the first start that failed; it doubles up to [`LONGEST_BACKOFF`].
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// One function's environments: idle ones, and room for more.
#[derive(Debug)]
pub(super) struct Pool {
    pub launch: Launch,
    /// One permit for each environment that may be busy.
    free: Semaphore,
    /// The one used last is on top: a quiet function keeps one warm process busy.
    idle: Mutex<Vec<Environment>>,
    failed_starts: Mutex<FailedStarts>,
}

/// Starts that failed in a row.
#[derive(Debug, Default)]
struct FailedStarts {
    count: u32,
    retry_at: Option<Instant>,
    reason: String,
}

impl Pool {
    pub(super) fn new(launch: Launch) -> Self {
        let free = Semaphore::new(launch.environments);
        Self { launch, free, idle: Mutex::default(), failed_starts: Mutex::default() }
    }

    /// Starts one environment ahead of the first event.
    pub(super) async fn warm(&self, with: &Surroundings) -> Result<(), InvokeError> {
        let _permit = self.free.try_acquire().map_err(|_| InvokeError::Stopped)?;
        let environment = self.start(with).await?;
        self.idle().push(environment);
        Ok(())
    }

    pub(super) async fn invoke(
        &self,
        request_id: &str,
        payload: Bytes,
        with: &Surroundings,
    ) -> Result<Bytes, InvokeError> {
        let function = self.launch.function.clone();
        let _permit = match timeout(QUEUE_TIMEOUT, self.free.acquire()).await {
            Err(_) => return Err(InvokeError::Throttled { function }),
            Ok(Err(_)) => return Err(InvokeError::Stopped),
            Ok(Ok(permit)) => permit,
        };

        // Every turn but the last uses up an idle environment that was dead.
        for _ in 0..=self.launch.environments {
            let mut environment = match self.take_idle() {
                Some(environment) => environment,
                None => self.start(with).await?,
            };
            return match environment.run(request_id, &self.launch, payload.clone()).await {
                Ok(answer) => {
                    self.idle().push(environment);
                    Ok(answer)
                }
                Err(RunError::Function(source)) => {
                    self.idle().push(environment);
                    Err(InvokeError::FunctionError { function, source })
                }
                Err(RunError::TimedOut) => {
                    environment.kill().await;
                    Err(InvokeError::TimedOut { function, after: self.launch.timeout })
                }
                Err(RunError::Crashed { reason }) => Err(InvokeError::Crashed { function, reason }),
                Err(RunError::NeverTaken) => continue,
            };
        }
        let reason = "it ended before it took the event".to_owned();
        Err(InvokeError::Crashed { function, reason })
    }

    /// Refuses the invocations that wait or come later.
    pub(super) fn close(&self) {
        self.free.close();
    }

    /// Ends the processes that have nothing to do.
    pub(super) async fn end_idle(&self) {
        let idle = std::mem::take(&mut *self.idle());
        futures_util::future::join_all(idle.into_iter().map(Environment::shut_down)).await;
    }

    async fn start(&self, with: &Surroundings) -> Result<Environment, InvokeError> {
        self.refuse_while_backing_off()?;
        match Environment::start(&self.launch, with).await {
            Ok(environment) => {
                *self.failed_starts() = FailedStarts::default();
                Ok(environment)
            }
            Err(reason) => Err(self.note_failed_start(reason)),
        }
    }

    fn refuse_while_backing_off(&self) -> Result<(), InvokeError> {
        let failed = self.failed_starts();
        match failed.retry_at {
            Some(retry_at) if Instant::now() < retry_at => Err(InvokeError::InitFailed {
                function: self.launch.function.clone(),
                reason: format!(
                    "failed {} times, trying again soon: {}",
                    failed.count, failed.reason
                ),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn note_failed_start(&self, reason: String) -> InvokeError {
        let mut failed = self.failed_starts();
        failed.retry_at = Some(Instant::now() + backoff(failed.count));
        failed.count = failed.count.saturating_add(1);
        failed.reason.clone_from(&reason);
        InvokeError::InitFailed { function: self.launch.function.clone(), reason }
    }

    fn take_idle(&self) -> Option<Environment> {
        let mut idle = self.idle();
        // Dead ones are dropped here, which closes them.
        std::iter::from_fn(|| idle.pop())
            .find_map(|mut environment| environment.is_running().then_some(environment))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed_starts(&self) -> MutexGuard<'_, FailedStarts> {
        self.failed_starts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn backoff(failures_before: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(failures_before.min(16))).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_does_not_start_is_tried_less_and_less_often() {
        let pauses: Vec<_> = [0, 1, 2, 5, 6, u32::MAX].map(|n| backoff(n).as_millis()).into();

        assert_eq!(pauses, [200, 400, 800, 6_400, 10_000, 10_000]);
    }
}
