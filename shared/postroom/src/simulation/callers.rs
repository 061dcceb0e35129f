//! Callers: they ask, ask again when they hear nothing, ask twice, and give up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::command::{Idempotency, Origin};
use crate::id::{CorrelationId, MessageId, TenantId};
use crate::port::{Answer as Kept, RunKey};
use crate::simulation::business::{Answer, Request};
use crate::simulation::choice::Fault;
use crate::simulation::world::State;
use crate::simulation::{Law, Violation};
use crate::transaction::End;

/// How long a caller waits before it asks again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Somebody with one request.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) request: Request,
    /// When it asks next; `None`: it waits for an answer, or has what it wanted.
    pub(super) asks_at: Option<Timestamp>,
    pub(super) executions: Vec<Execution>,
    pub(super) outcome: Option<Outcome>,
    pub(super) tenant: TenantId,
    idempotency: Option<Idempotency>,
    pub(super) correlation_id: CorrelationId,
}

/// One invocation that a request led to.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) command_id: MessageId,
    /// How many transactions had taken effect before it.
    after: usize,
    pub(super) ended: Heard,
}

/// What is heard of an execution.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// It is not over.
    NotYet,
    /// It ended without saying anything.
    Nothing,
    Answer(Answer),
}

/// What a caller is left with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Refused,
    Failed,
    GaveUp,
}

impl Caller {
    /// Everybody who asks for something but for those who are `silent`. Tenants' keys and chains have the same names.
    pub(super) fn all(
        requests: Vec<Request>,
        silent: &BTreeSet<usize>,
        now: Timestamp,
    ) -> Vec<Self> {
        let mut of_tenant: BTreeMap<Option<TenantId>, usize> = BTreeMap::new();
        let mut callers = Vec::new();
        for (index, request) in requests.into_iter().enumerate() {
            let place = of_tenant.entry(request.tenant.clone()).or_default();
            if !silent.contains(&index) {
                callers.extend(Self::new(request, now, *place));
            }
            *place += 1;
        }
        callers
    }

    fn new(request: Request, asks_at: Timestamp, place: usize) -> Option<Self> {
        let key = format!("key-{place}").parse().ok()?;
        let fingerprint = format!("{}-{place}", request.name);
        let idempotency = request.keyed.then_some(Idempotency { key, fingerprint });
        Some(Self {
            tenant: request.tenant.clone().or_else(tenant)?,
            request,
            asks_at: Some(asks_at),
            executions: Vec::new(),
            outcome: None,
            idempotency,
            correlation_id: format!("request-{place}").parse().ok()?,
        })
    }

    /// Begins another execution.
    pub(super) fn ask(&mut self, command_id: MessageId, state: &State) -> Origin {
        let after = state.evidence.applied.len();
        self.executions.push(Execution { command_id, after, ended: Heard::NotYet });
        Origin {
            command_id,
            tenant_id: self.tenant.clone(),
            actor_id: None,
            correlation_id: self.correlation_id.clone(),
            traceparent: None,
            idempotency: self.idempotency.clone(),
        }
    }

    /// One of its executions is over, with or without an answer that arrives.
    pub(super) fn hear(
        &mut self,
        command_id: MessageId,
        answer: Option<Answer>,
        state: &mut State,
    ) {
        if let Some(answer) = &answer {
            self.judge(command_id, answer, state);
        }
        let of_this = |execution: &&mut Execution| execution.command_id == command_id;
        if let Some(execution) = self.executions.iter_mut().find(of_this) {
            execution.ended = answer.clone().map_or(Heard::Nothing, Heard::Answer);
        }
        let arrived = match answer {
            Some(answer) if state.choices.happens(Fault::LoseAnswer) => {
                state.figures.count(Fault::LoseAnswer);
                state.note(|| format!("the caller does not hear {answer:?}"));
                None
            }
            answer => answer,
        };
        match arrived {
            Some(Answer::Done { .. }) => self.outcome = Some(Outcome::Done),
            Some(Answer::Refused { .. }) => self.outcome = Some(Outcome::Refused),
            Some(Answer::Failed { passes: false, .. }) => self.outcome = Some(Outcome::Failed),
            Some(Answer::Failed { passes: true, .. }) | None => self.hear_nothing(state),
        }
        let left_with = match self.outcome {
            None => "hears nothing",
            Some(Outcome::Done) => "knows that it is done",
            Some(Outcome::Refused) => "is refused",
            Some(Outcome::Failed) => "is told that it failed for good",
            Some(Outcome::GaveUp) => "has given up",
        };
        state.note(|| format!("its caller {left_with}"));
    }

    fn hear_nothing(&mut self, state: &mut State) {
        if self.outcome.is_some()
            || self.executions.iter().any(|other| other.ended == Heard::NotYet)
        {
            return;
        }
        if !self.request.keyed {
            self.outcome = Some(Outcome::GaveUp);
        } else if state.choices.happens(Fault::GiveUp) {
            state.figures.count(Fault::GiveUp);
            self.outcome = Some(Outcome::GaveUp);
        } else {
            self.asks_at = Some(later(state.now, PATIENCE));
        }
    }

    /// Holds an answer against what had been committed when it was given.
    fn judge(&self, command_id: MessageId, answer: &Answer, state: &mut State) {
        let execution = self.executions.iter().find(|one| one.command_id == command_id);
        let Some(Execution { after, .. }) = execution else { return };
        let key = self.key(command_id);
        let mut applied = state.evidence.applied.iter().enumerate();
        let done = applied.find(|(_, tx)| tx.completion.run.key == key);
        let found = match (answer, done) {
            (Answer::Done { output }, Some((_, tx))) => match &tx.completion.end {
                End::Done { output: Some(Kept::Whole(kept)), .. } if kept != output => {
                    format!("{key} was answered with another {output}")
                }
                _ => return,
            },
            (Answer::Done { .. }, None) => format!("{key} was answered and never committed"),
            // Of twins, one may be refused before the other takes effect.
            (Answer::Refused { .. } | Answer::Failed { passes: false, .. }, Some((index, tx)))
                if index < *after || tx.completion.run.message_id == command_id =>
            {
                format!("{key} was committed and then answered {answer:?}")
            }
            _ => return,
        };
        state.evidence.violations.push(Violation { law: Law::SameAnswer, found });
    }

    /// Whether every execution was refused, and said so.
    pub(super) fn was_only_refused(&self) -> bool {
        self.executions
            .iter()
            .all(|execution| matches!(execution.ended, Heard::Answer(Answer::Refused { .. })))
    }

    fn key(&self, command_id: MessageId) -> RunKey {
        match &self.idempotency {
            Some(given) => RunKey::of_idempotency(&self.tenant, &given.key),
            None => RunKey::of_command(command_id),
        }
    }
}

/// Who asks where nobody says, and whom operators belong to.
pub(super) fn tenant() -> Option<TenantId> {
    "demo".parse().ok()
}
