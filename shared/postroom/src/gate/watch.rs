//! What a process knows of a breaker, and what it tells the others.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::clock::later;
use crate::gate::breaker::Stance;
use crate::gate::{Gate, Pass, Told, wait};
use crate::id::OwnerToken;
use crate::port::{Breaker, BreakerChange, Changed};
use crate::runtime::{Holder, Runtime};

/// How many failures in a row, in one process, open a breaker.
const FAILURES: u32 = 5;
/// How long a process believes what it read of a breaker: what a closed one costs is one read in this time.
const BELIEVED: Duration = Duration::from_secs(10);
/// The same after a failure, or while somebody probes.
const BELIEVED_IN_TROUBLE: Duration = Duration::from_secs(1);

/// What this process knows of the breaker.
#[derive(Debug, Default)]
pub(super) struct Seen {
    breaker: Breaker,
    looked_at: Option<Timestamp>,
    /// How many calls of this process failed in a row.
    failures: u32,
}

impl Gate {
    /// Lets a call through unless the breaker is open. `Err` is how long to stay away.
    pub(super) async fn pass_breaker(
        &self,
        runtime: &Runtime,
        holder: &Holder,
    ) -> Result<Pass, Duration> {
        let now = runtime.now();
        let mut seen = self.seen.lock().await;
        self.look(&mut seen, now, BELIEVED).await;
        match seen.breaker.stance(now) {
            Stance::Go => Ok(Pass { probing: None }),
            Stance::Wait { at, spread } => Err(wait(runtime, now, at, spread)),
            Stance::Probe => {
                let prober = OwnerToken::from(runtime.ports().ids.fresh());
                let probing = seen.breaker.probed(prober, holder.gone_by);
                match self.change(&mut seen, probing).await {
                    Ok(true) => {
                        info!(provider = self.provider, "one call finds out whether it is well");
                        Ok(Pass { probing: Some(probing) })
                    }
                    Ok(false) => match seen.breaker.stance(now) {
                        Stance::Go => Ok(Pass { probing: None }),
                        Stance::Wait { at, spread } => Err(wait(runtime, now, at, spread)),
                        // Given back in this moment; whoever comes next is elected.
                        Stance::Probe => Err(runtime.jitter(BELIEVED_IN_TROUBLE)),
                    },
                    Err(()) => Ok(Pass { probing: None }),
                }
            }
        }
    }

    /// Tells the breaker what came of a call. Where it is known to be open: how long to stay away.
    pub(super) async fn tell(&self, runtime: &Runtime, pass: Pass, told: Told) -> Option<Duration> {
        let now = runtime.now();
        let mut seen = self.seen.lock().await;
        match (pass.probing, told) {
            (None, Told::Nothing) => return None,
            (None, Told::Well) => {
                seen.failures = 0;
                return None;
            }
            (None, Told::Trouble { after }) => {
                self.look(&mut seen, now, BELIEVED_IN_TROUBLE).await;
                if seen.breaker == Breaker::Closed {
                    return self.count_failure(runtime, &mut seen, after).await;
                }
            }
            (Some(probing), told) => {
                let to = match told {
                    Told::Well => Breaker::Closed,
                    Told::Trouble { after } => probing.opened(now, after),
                    Told::Nothing => probing.not_probed(now),
                };
                seen.failures = 0;
                // Only where it is still this prober's: a late one changes nothing.
                seen.breaker = probing;
                if self.change(&mut seen, to).await == Ok(true) {
                    info!(provider = self.provider, breaker = ?to, "the probe has ended");
                }
                if !matches!(told, Told::Trouble { .. }) {
                    return None;
                }
            }
        }
        match seen.breaker.stance(now) {
            Stance::Wait { at, spread } => Some(wait(runtime, now, at, spread)),
            Stance::Go | Stance::Probe => Some(runtime.jitter(BELIEVED_IN_TROUBLE)),
        }
    }

    /// Counts a failure while the breaker is closed, and opens it when there were enough in a row.
    ///
    /// The one that opens it is an attempt like those before it: they might be the message's own fault after all. Whoever
    /// finds that somebody else has opened it meanwhile stays away.
    async fn count_failure(
        &self,
        runtime: &Runtime,
        seen: &mut Seen,
        after: Duration,
    ) -> Option<Duration> {
        seen.failures += 1;
        if seen.failures < FAILURES {
            return None;
        }
        let now = runtime.now();
        let opened = self.change(seen, Breaker::Closed.opened(now, after)).await;
        if opened == Ok(true) {
            warn!(provider = self.provider, failures = seen.failures, "its breaker opens");
        }
        seen.failures = 0;
        match (opened, seen.breaker.stance(now)) {
            (Ok(false), Stance::Wait { at, spread }) => Some(wait(runtime, now, at, spread)),
            _ => None,
        }
    }

    /// Reads the breaker, unless what was read last is still believed.
    async fn look(&self, seen: &mut Seen, now: Timestamp, believed: Duration) {
        let believed = match seen.breaker {
            Breaker::Probing { .. } => BELIEVED_IN_TROUBLE,
            Breaker::Closed | Breaker::Open { .. } => believed,
        };
        if seen.looked_at.is_some_and(|at| now < later(at, believed)) {
            return;
        }
        // Also where it fails: it is not asked again and again.
        seen.looked_at = Some(now);
        match self.breakers.find(self.provider).await {
            Ok(found) => seen.breaker = found,
            Err(error) => self.unreachable(&error),
        }
    }

    /// Changes the breaker from where it was seen. `false`: somebody was faster, and now it is seen where it stands.
    async fn change(&self, seen: &mut Seen, to: Breaker) -> Result<bool, ()> {
        let change = BreakerChange { provider: self.provider, from: seen.breaker, to };
        match self.breakers.change(&change).await {
            Ok(Changed::Yes) => {
                seen.breaker = to;
                Ok(true)
            }
            Ok(Changed::No { found }) => {
                seen.breaker = found;
                Ok(false)
            }
            Err(error) => {
                self.unreachable(&error);
                Err(())
            }
        }
    }
}
