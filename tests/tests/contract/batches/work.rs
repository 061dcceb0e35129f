//! The handlers of the specification: they do with each message what a test's script says, and log it.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::doc_example::OrderPlaced;
use postroom::{
    Classify, Effects, Envelope, Job, OnUnknown, Outcome, Refusal, Refuse, Tx, TxError, Verdict,
};
use tokio::task::yield_now;

/// What to do with a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Finish,
    /// Choose to do nothing.
    Skip,
    /// Fail in a way that may pass.
    Busy,
    /// Be told to wait.
    Throttled(Duration),
    /// Fail in a way that never passes.
    Never,
    Panic,
    /// Let others run before finishing.
    GiveWay,
    /// Let others run before failing in a way that may pass.
    FailLater,
    /// Never finish.
    Hang,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum WorkError {
    #[error("the bank does not answer")]
    Busy,
    #[error("the bank asked to wait {} s", after.as_secs())]
    Throttled { after: Duration },
    #[error("{message} can never be done")]
    Never { message: String },
    #[error(transparent)]
    Tx(#[from] TxError),
}

impl Classify for WorkError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Busy => Verdict::RETRY,
            Self::Throttled { after } => Verdict::Retry { after: *after },
            Self::Never { .. } => Verdict::Permanent,
            Self::Tx(source) => source.verdict(),
        }
    }
}

impl Refuse for WorkError {
    fn refusal(&self) -> Option<Refusal> {
        None
    }
}

/// What was done, shared by a test and its workers.
#[derive(Clone, Default)]
pub(super) struct Log {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    started: Vec<String>,
    finished: Vec<String>,
    running: Vec<String>,
    peak: usize,
}

impl Log {
    /// Every message that was begun, in order, as often as it was.
    pub(super) fn started(&self) -> Vec<String> {
        self.lines.lock().unwrap().started.clone()
    }

    /// Every message that was done, in order.
    pub(super) fn finished(&self) -> Vec<String> {
        self.lines.lock().unwrap().finished.clone()
    }

    /// How many ran at the same time, at most.
    pub(super) fn peak(&self) -> usize {
        self.lines.lock().unwrap().peak
    }

    pub(super) fn start(&self, label: &str) {
        let mut lines = self.lines.lock().unwrap();
        lines.started.push(label.to_owned());
        lines.running.push(label.to_owned());
        lines.peak = lines.peak.max(lines.running.len());
    }

    fn stop(&self, label: &str, finished: bool) {
        let mut lines = self.lines.lock().unwrap();
        lines.running.retain(|running| running != label);
        if finished {
            lines.finished.push(label.to_owned());
        }
    }
}

/// A job without an effect outside.
pub(super) struct Work {
    pub(super) script: Box<dyn Fn(&str) -> Step + Send + Sync>,
    pub(super) log: Log,
}

impl Work {
    /// `a1` for the first event of order `a`.
    pub(super) fn label(message: &Envelope<OrderPlaced>) -> String {
        format!("{}{}", message.data.order, message.stream_version.unwrap_or(0))
    }
}

impl Job<OrderPlaced> for Work {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = WorkError;

    async fn perform(
        &self,
        message: &Envelope<OrderPlaced>,
        _: &Effects,
    ) -> Result<Outcome, WorkError> {
        let label = Self::label(message);
        self.log.start(&label);
        let step = (self.script)(&label);
        let outcome = act(step, &label).await;
        self.log.stop(&label, outcome.is_ok());
        outcome
    }

    async fn record(
        &self,
        _: &Envelope<OrderPlaced>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), WorkError> {
        Ok(())
    }
}

/// Lets everybody else start who may.
pub(super) async fn give_way() {
    for _ in 0..100 {
        yield_now().await;
    }
}

async fn act(step: Step, label: &str) -> Result<Outcome, WorkError> {
    match step {
        Step::Finish => Ok(Outcome::DONE),
        Step::Skip => Ok(Outcome::Skipped { reason: "it is past that" }),
        Step::Busy => Err(WorkError::Busy),
        Step::Throttled(after) => Err(WorkError::Throttled { after }),
        Step::Never => Err(WorkError::Never { message: label.to_owned() }),
        Step::Panic => panic!("{label} is cursed"),
        Step::GiveWay => {
            give_way().await;
            Ok(Outcome::DONE)
        }
        Step::FailLater => {
            give_way().await;
            Err(WorkError::Busy)
        }
        Step::Hang => pending().await,
    }
}
