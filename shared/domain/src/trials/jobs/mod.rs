//! What the time-outs of trials do.

mod run_trials;

pub use run_trials::{RunTrials, RunTrialsError};
