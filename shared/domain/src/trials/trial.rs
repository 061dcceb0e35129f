//! A trial as stored, and as callers see it.

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::trials::{TrialStep, TrialTerms, TrialTimeout};

/// What is stored of a user's trial: the state of the process.
///
/// ```json
/// {"user_id":"5be0…","status":"running","began_at":"2026-11-22T09:30:00Z","reminds_at":"2026-12-03T09:30:00Z","ends_at":"2026-12-06T09:30:00Z"}
/// ```
/// The two times lie in the future while the trial runs, and with its time-outs are the names of two rows of the outbox: terms
/// that change leave trials alone that have begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Whose; a user has one at most.
    pub user_id: UserId,
    /// How far it is.
    pub status: TrialStatus,
    /// When the user signed up.
    pub began_at: Timestamp,
    /// When the user is reminded, to the minute.
    pub reminds_at: Timestamp,
    /// When it ends by itself, to the minute.
    pub ends_at: Timestamp,
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialStatus {
    /// It has begun.
    Running,
    /// It runs, and the user was told that it ends soon.
    Reminded,
    /// It is over: the user took another plan.
    Upgraded,
    /// It is over: its time was up, and the user is on the plan `free`.
    Expired,
}

impl Trial {
    /// Where the trial of this user lives.
    pub fn at(user_id: UserId) -> Place<Self> {
        Place::new(user_id)
    }

    /// The stream of what happened to the trial of this user.
    pub fn stream(user_id: UserId) -> StreamId {
        Self::at(user_id).stream()
    }

    /// One that begins now.
    pub(super) fn begin(user_id: UserId, now: Timestamp, terms: &TrialTerms) -> Self {
        let after = |delay| now.saturating_add(delay).unwrap_or(Timestamp::MAX);
        Self {
            user_id,
            status: TrialStatus::Running,
            began_at: now,
            reminds_at: after(terms.until_reminder()),
            ends_at: after(terms.length()),
        }
    }

    /// The time-out of a step, as it was ordered when the trial began.
    pub(super) fn timeout(&self, step: TrialStep) -> TrialTimeout {
        let due = match step {
            TrialStep::Reminder => self.reminds_at,
            TrialStep::Expiry => self.ends_at,
        };
        TrialTimeout { user_id: self.user_id, step, due }
    }

    /// The same, further on.
    pub(super) fn moved_to(&self, status: TrialStatus) -> Self {
        Self { status, ..self.clone() }
    }
}

impl Stored for Trial {
    const COLLECTION: &'static str = "trials";

    fn place(&self) -> Place<Self> {
        Self::at(self.user_id)
    }
}
