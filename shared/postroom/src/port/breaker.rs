//! Circuit breakers: what all processes know together of a provider that is in trouble.
//!
//! ```text
//! closed ──failures in a row──► open ──probe time, one wins──► probing ──it is well──► closed
//!                                 ▲                              │
//!                                 └───────it is not, or the prober is gone───┘
//! ```

use jiff::Timestamp;

use crate::BoxFuture;
use crate::id::OwnerToken;
use crate::port::StoreError;

/// The state of each provider's breaker. What it changes to is decided in the kit; a store compares and writes.
pub trait Breakers: Send + Sync {
    /// Where it stands (a consistent read). One that was never opened is closed.
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>>;

    /// Changes it if it still stands where the caller saw it: one conditional write. Of several that saw the same, one
    /// wins.
    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>>;
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Breaker {
    /// Calls are made.
    #[default]
    Closed,
    /// No calls are made.
    Open {
        /// How often in a row it was opened, from 1.
        openings: u32,
        /// From when on one call may find out whether the provider is well again.
        probe_at: Timestamp,
    },
    /// One call is made, and the others wait for what comes of it.
    Probing {
        /// How often in a row it was opened.
        openings: u32,
        /// Who makes the call.
        prober: OwnerToken,
        /// When the prober is certainly gone: another may take its place then.
        until: Timestamp,
    },
}

/// A change of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerChange<'a> {
    /// Whose breaker.
    pub provider: &'a str,
    /// Where the caller saw it.
    pub from: Breaker,
    /// Where it stands then.
    pub to: Breaker,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It stands where the caller wanted it.
    Yes,
    /// Somebody was faster: nothing was changed.
    No {
        /// Where it stands.
        found: Breaker,
    },
}
