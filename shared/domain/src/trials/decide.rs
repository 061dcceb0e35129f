//! What follows from a trial's state and what came: pure, and without a clock.

use crate::trials::{Trial, TrialStatus, TrialStep, TrialTimeout};

/// What a time-out comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// The user is reminded, and the trial is as given.
    Remind(Trial),
    /// The trial ends, as given.
    Expire(Trial),
    /// Nothing: it came late, a second time, or to another trial.
    Nothing { reason: &'static str },
}

/// What a time-out comes to, of the trial that its user has.
pub(super) fn time_out(trial: Option<&Trial>, timeout: &TrialTimeout) -> Decision {
    let Some(trial) = trial else {
        return Decision::Nothing { reason: "the user has no trial" };
    };
    if trial.timeout(timeout.step) != *timeout {
        return Decision::Nothing { reason: "the time-out is of another trial" };
    }
    match (trial.status, timeout.step) {
        (TrialStatus::Running, TrialStep::Reminder) => {
            Decision::Remind(trial.moved_to(TrialStatus::Reminded))
        }
        (TrialStatus::Reminded, TrialStep::Reminder) => {
            Decision::Nothing { reason: "the user was reminded" }
        }
        // A reminder that was parked, or is late, holds up no expiry.
        (TrialStatus::Running | TrialStatus::Reminded, TrialStep::Expiry) => {
            Decision::Expire(trial.moved_to(TrialStatus::Expired))
        }
        (TrialStatus::Upgraded, TrialStep::Reminder | TrialStep::Expiry) => {
            Decision::Nothing { reason: "the user has upgraded" }
        }
        (TrialStatus::Expired, TrialStep::Reminder | TrialStep::Expiry) => {
            Decision::Nothing { reason: "the trial is over" }
        }
    }
}

/// A trial whose user upgrades, and the time-outs that are void by that; `None` of one that is over.
pub(super) fn upgrade(trial: &Trial) -> Option<(Trial, Vec<TrialTimeout>)> {
    match trial.status {
        TrialStatus::Running | TrialStatus::Reminded => {
            Some((trial.moved_to(TrialStatus::Upgraded), outstanding(trial)))
        }
        TrialStatus::Upgraded | TrialStatus::Expired => None,
    }
}

/// The time-outs that still come to something.
pub(super) fn outstanding(trial: &Trial) -> Vec<TrialTimeout> {
    let timeouts = TrialStep::ALL.into_iter().map(|step| trial.timeout(step));
    timeouts
        .filter(|timeout| match time_out(Some(trial), timeout) {
            Decision::Remind(_) | Decision::Expire(_) => true,
            Decision::Nothing { .. } => false,
        })
        .collect()
}
