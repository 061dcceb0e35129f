//! Trials: whoever signs up on the plan `trial` is reminded before it ends, and loses the plan unless an upgrade comes first.
//!
//! A process of several steps over days. Its state is one [`Trial`] a user; what moves it is two time-outs, tasks that wait in
//! the outbox from the sign-up on, and the upgrade, which takes back those that are outstanding in its own transaction. A
//! time-out that comes all the same, because it was on its way, asks the state and changes nothing.

mod trial;
mod trial_terms;
mod trial_timeout;
mod trial_ending;
mod trial_expired;
mod decide;
mod on_user_signed_up;
mod on_user_upgraded;
mod get_trial;

pub mod jobs;

pub use get_trial::{GetTrialError, get_trial};
pub use trial::{Trial, TrialStatus};
pub use trial_ending::TrialEnding;
pub use trial_expired::TrialExpired;
pub use trial_terms::{InvalidTrialTerms, TrialTerms};
pub use trial_timeout::{TrialStep, TrialTimeout};

#[cfg(test)]
mod tests;

/// Begins trials, and ends those of users who upgrade.
#[derive(Debug, Clone, Copy)]
pub struct Trials {
    /// Of trials that begin from now on.
    pub terms: TrialTerms,
}

impl Trials {
    /// The listener's name, for every event it listens to.
    const NAME: &'static str = "trials";
}
