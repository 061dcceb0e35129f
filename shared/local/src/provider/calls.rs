//! What was asked of the provider.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// Older calls are forgotten.
const REMEMBERED: usize = 100_000;

/// One call and the status it was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) idempotency_key: Option<String>,
    /// Of the state that was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u64>,
    pub(super) status: u16,
    /// When it came in.
    pub(super) at: Timestamp,
}

/// The latest calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Mutex<VecDeque<Call>>,
}

impl Calls {
    pub(super) fn note(&self, call: Call) {
        let mut calls = self.lock();
        if calls.len() == REMEMBERED {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    pub(super) fn all(&self) -> Vec<Call> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Call>> {
        // A call is never half written.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
