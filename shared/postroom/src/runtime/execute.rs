//! Executing a command: decide, react, commit, hand over to the queues.

use std::error::Error;
use std::sync::Arc;

use serde_json::Value;
use tracing::{Instrument, info, info_span, warn};

use crate::clock::{between, milliseconds};
use crate::command::{Command, Origin};
use crate::port::{Answer, CommitError, InboxRecord, Run, RunKey, RunStatus};
use crate::runtime::settle::{SettleError, Settled};
use crate::runtime::{MAX_RUNS, Runtime, expiry};
use crate::transaction::{Fence, Transaction};
use crate::tx::Tx;
use crate::tx::seal::Seal;
use crate::verdict::{Classify, Failure, Refusal, RefusalKind, Refuse, Verdict};

/// A command that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed<T> {
    /// What it answered.
    pub output: T,
    /// Whether it had taken effect before and only its answer was repeated.
    pub replayed: bool,
}

/// Why a command did not take effect. Nothing of it was written, except where `Settle` says that nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E: Error + 'static> {
    /// The command's own handler refused or failed.
    #[error("{command} was not done")]
    Command {
        command: &'static str,
        #[source]
        source: E,
    },
    /// A listener in the request refused or failed.
    #[error("{command} was not done: a listener objects")]
    Listener {
        command: &'static str,
        #[source]
        source: Failure,
    },
    /// Its answer cannot be stored or read. Permanent.
    #[error("the answer of {command} cannot be stored")]
    Output {
        command: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// It was done under the caller's idempotency key before, and its answer was too large to be kept. Permanent, and a
    /// refusal: what was done can be read, and is not done again.
    #[error(
        "{command} was done before under this idempotency key; its answer of {bytes} bytes was too large to be kept"
    )]
    AnswerNotKept { command: &'static str, bytes: u64 },
    /// The caller's idempotency key has done something else before. Permanent, and a refusal.
    #[error("{command} was not done: its idempotency key has been used for another request")]
    KeyReused { command: &'static str },
    /// Others were always faster. Retryable.
    #[error("{command} lost {runs} races in a row")]
    Contended { command: &'static str, runs: u32 },
    /// It could not be committed, or not be found out whether it was.
    #[error("{command} could not be committed")]
    Settle {
        command: &'static str,
        #[source]
        source: SettleError,
    },
}

impl<E: Error + Classify + 'static> Classify for ExecuteError<E> {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Command { source, .. } => source.verdict(),
            Self::Listener { source, .. } => source.verdict,
            Self::Output { .. } | Self::AnswerNotKept { .. } | Self::KeyReused { .. } => {
                Verdict::Permanent
            }
            Self::Contended { .. } => Verdict::RETRY,
            Self::Settle { source, .. } => source.verdict(),
        }
    }
}

impl<E: Error + Refuse + 'static> Refuse for ExecuteError<E> {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Command { source, .. } => source.refusal(),
            Self::Listener { source, .. } => source.refusal,
            Self::KeyReused { .. } => {
                Some(Refusal { code: "idempotency-key-reused", kind: RefusalKind::Invalid })
            }
            Self::AnswerNotKept { .. } => {
                Some(Refusal { code: "answer-not-kept", kind: RefusalKind::Conflict })
            }
            Self::Output { .. } | Self::Contended { .. } | Self::Settle { .. } => None,
        }
    }
}

impl Runtime {
    /// Runs a command: its state, its events, what its listeners wrote, its messages and its record commit as one.
    ///
    /// The messages are handed to their queues before this returns; what could not be handed over, the relay sends.
    ///
    /// Under an idempotency key it takes effect once: a repeat answers what the first answered, and of twins at the same
    /// time one commits and the others repeat it. What was refused or failed is not remembered: a repeat decides anew.
    ///
    /// # Errors
    /// See [`ExecuteError`]; the verdict says whether the same command may succeed later.
    pub async fn execute<C: Command>(
        &self,
        command: &C,
        origin: &Origin,
    ) -> Result<Executed<C::Output>, ExecuteError<C::Error>> {
        let span = info_span!(
            "command",
            correlation_id = %origin.correlation_id,
            tenant_id = %origin.tenant_id,
            handler = C::NAME,
        );
        self.execute_runs(command, origin).instrument(span).await
    }

    /// What a command would answer now, or what it would be refused with. Nothing is written, noted or remembered, and no
    /// idempotency key is looked at: what was done under it before says nothing about what would be done now.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), but for what only a commit can meet.
    pub async fn rehearse<C: Command>(
        &self,
        command: &C,
        origin: &Origin,
    ) -> Result<C::Output, ExecuteError<C::Error>> {
        let origin = Origin { idempotency: None, ..origin.clone() };
        let run = self.command_run(C::NAME, &origin);
        // Dropping the transaction is all there is to taking it back.
        let (answer, _) = self.decide(command, &origin, &run).await?;
        Ok(answer)
    }

    async fn execute_runs<C: Command>(
        &self,
        command: &C,
        origin: &Origin,
    ) -> Result<Executed<C::Output>, ExecuteError<C::Error>> {
        let name = C::NAME;
        // One time for all runs: what is derived from it comes out the same.
        let run = self.command_run(name, origin);
        for attempt in 1..=MAX_RUNS {
            let (answer, transaction) = match self.decide(command, origin, &run).await {
                Ok(decided) => decided,
                Err(error) => {
                    let told = self.earlier_or::<C>(error, origin, &run.key).await;
                    if let Err(error) = &told {
                        self.note_refusal(error, &run).await;
                    }
                    return told;
                }
            };
            let settled = self.settle(&transaction).await;
            match settled.map_err(|source| ExecuteError::Settle { command: name, source })? {
                Settled::Committed => {
                    self.ports.courier.hand_over(transaction.outbox()).await;
                    info!(
                        actions = transaction.actions(),
                        duration_ms = milliseconds(between(run.started_at, self.now())),
                        "committed {name}"
                    );
                    return Ok(Executed { output: answer, replayed: false });
                }
                Settled::AlreadyDone(record) => return repeat::<C>(*record, origin),
                Settled::LostRace | Settled::LeaseLost | Settled::Parked { .. } => {
                    warn!(attempt, "lost a race");
                    self.back_off(attempt).await;
                }
            }
        }
        Err(ExecuteError::Contended { command: name, runs: MAX_RUNS })
    }

    pub(super) fn begin(&self, origin: &Origin, run: &Run, handler: &'static str, hops: u32) -> Tx {
        let (ports, reactions) = (&self.ports, Arc::clone(&self.reactions));
        Tx::begin(
            ports,
            self.claims.clone(),
            reactions,
            origin.clone(),
            run.started_at,
            handler,
            hops,
        )
    }

    /// Lets the command and its listeners decide; nothing is written yet.
    async fn decide<C: Command>(
        &self,
        command: &C,
        origin: &Origin,
        run: &Run,
    ) -> Result<(C::Output, Transaction), ExecuteError<C::Error>> {
        let name = C::NAME;
        let mut tx = self.begin(origin, run, name, 0);
        let answer = command.handle(&mut tx).await;
        let answer = answer.map_err(|source| ExecuteError::Command { command: name, source })?;
        tx.drain().await.map_err(|source| ExecuteError::Listener { command: name, source })?;
        let output = serde_json::to_value(&answer)
            .map_err(|source| ExecuteError::Output { command: name, source })?;
        let transaction = tx.seal(Seal {
            token: self.ports.ids.fresh().into(),
            run: run.clone(),
            fence: Fence::NotDone,
            finished_at: self.now(),
            skipped: None,
            output: Some(output),
            fingerprint: origin.idempotency.as_ref().map(|given| given.fingerprint.clone()),
        });
        Ok((answer, transaction))
    }

    /// What came of the caller's earlier request, if it was done; otherwise why this one was not.
    ///
    /// Only now is the record read: a command that takes effect learns from its commit that there was none. A refusal may
    /// be the echo of the caller's own success, whose answer it never got.
    async fn earlier_or<C: Command>(
        &self,
        error: ExecuteError<C::Error>,
        origin: &Origin,
        key: &RunKey,
    ) -> Result<Executed<C::Output>, ExecuteError<C::Error>> {
        if origin.idempotency.is_none() {
            return Err(error);
        }
        match self.ports.inbox.find(key, self.now()).await {
            Ok(Some(record)) if record.status == RunStatus::Done => repeat::<C>(record, origin),
            Ok(_) => Err(error),
            Err(source) => {
                let source = SettleError::Unknown { source: CommitError::Store { source } };
                Err(ExecuteError::Settle { command: C::NAME, source })
            }
        }
    }

    fn command_run(&self, name: &str, origin: &Origin) -> Run {
        let started_at = self.now();
        let key = match &origin.idempotency {
            Some(given) => RunKey::of_idempotency(&origin.tenant_id, &given.key),
            None => RunKey::of_command(origin.command_id),
        };
        Run {
            key,
            handler: name.to_owned(),
            message_id: origin.command_id,
            tenant_id: origin.tenant_id.clone(),
            actor_id: origin.actor_id.clone(),
            correlation_id: origin.correlation_id.clone(),
            started_at,
            expires_at: expiry(started_at, Self::REMEMBERS),
        }
    }
}

/// The answer of a command that was done before, if it was this one.
fn repeat<C: Command>(
    record: InboxRecord,
    origin: &Origin,
) -> Result<Executed<C::Output>, ExecuteError<C::Error>> {
    let name = C::NAME;
    if let Some(given) = &origin.idempotency
        && (record.run.handler != name || record.fingerprint.as_ref() != Some(&given.fingerprint))
    {
        return Err(ExecuteError::KeyReused { command: name });
    }
    let answer = match record.output {
        Some(Answer::Whole(answer)) => answer,
        Some(Answer::Digest { bytes, .. }) => {
            return Err(ExecuteError::AnswerNotKept { command: name, bytes });
        }
        None => Value::Null,
    };
    let output = serde_json::from_value(answer)
        .map_err(|source| ExecuteError::Output { command: name, source })?;
    Ok(Executed { output, replayed: true })
}
