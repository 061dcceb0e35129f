//! The inbox.

use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::later;
use crate::id::{CorrelationId, MessageId, OwnerToken, TenantId};
use crate::port::{
    Claim, Claimed, FailedAs, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Page, RunKey,
    StoreError,
};
use crate::simulation::Sabotage;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::{Mishap, Running, State, WRITE};

/// Longer than any run of a simulation.
const WITHOUT_END: Duration = Duration::from_hours(20 * 24);

impl Inbox for Simulated {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(Inbox::find(&self.memory, key, now)).await;
            let found = found.map_err(unavailable("find"))??;
            Ok(match self.sabotage {
                Some(Sabotage::NoInbox) => None,
                Some(Sabotage::ForgetAnswers) if key.is_command() => None,
                Some(Sabotage::KeyOfAnyTenant) => self.memory.record_of_anybody(key).or(found),
                _ => found,
            })
        })
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        Box::pin(async move {
            let mut claim = claim.clone();
            self.world.lock().asks_for(&claim);
            if self.is(Sabotage::LeaseWithoutEnd) {
                claim.until = later(claim.until, WITHOUT_END);
            }
            let late = || {
                late(self.clone(), claim.clone(), async |ports, claim| {
                    let _ = ports.take(&claim).await;
                })
            };
            let claimed = self.world.write(WRITE, self.take(&claim), late).await;
            claimed.map_err(unavailable("claim"))?
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(async move {
            let late = || {
                late(self.clone(), key.clone(), async move |ports, key| {
                    let _ = ports.memory.renew(&key, owner, until).await;
                })
            };
            let renewed = self.world.write(WRITE, self.memory.renew(key, owner, until), late).await;
            renewed.map_err(lost)?
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(async move {
            let late = || {
                late(self.clone(), key.clone(), async move |ports, key| {
                    let _ = ports.memory.release(&key, owner, at).await;
                })
            };
            let released = self.world.write(WRITE, self.memory.release(key, owner, at), late).await;
            released.map_err(lost)?
        })
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        Box::pin(async move {
            let late = || {
                late(self.clone(), failed.clone(), async |ports, failed| {
                    let _ = ports.memory.fail(&failed).await;
                })
            };
            let recorded = async {
                self.world.note(|| format!("failed: {}", failed.reason));
                self.count(failed).await
            };
            self.world.write(WRITE, recorded, late).await.map_err(lost)?
        })
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let late = || {
                late(self.clone(), key.clone(), async move |ports, key| {
                    let _ = ports.memory.stand_in(&key, message).await;
                })
            };
            let stood_in = async {
                let stood_in = self.memory.stand_in(key, message).await;
                self.world.note(|| format!("{message} stands in for {key}: {stood_in:?}"));
                stood_in
            };
            let stood_in = self.world.write(WRITE, stood_in, late).await;
            stood_in.map_err(unavailable("stand in"))?
        })
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        Box::pin(async move {
            let chain = Inbox::chain(&self.memory, tenant, correlation_id, after);
            self.world.read(chain).await.map_err(unavailable("chain"))?
        })
    }
}

impl Simulated {
    async fn take(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let earlier = self.memory.record(&claim.run.key);
        let of_other =
            earlier.is_some_and(|earlier| earlier.run.message_id != claim.run.message_id);
        if self.is(Sabotage::NoInbox) || (of_other && self.is(Sabotage::KeyNotUsed)) {
            self.memory.forget(&claim.run.key);
        }
        let claimed = self.memory.claim(claim).await;
        if let Ok(Claimed::Granted { .. }) = &claimed {
            self.world.lock().evidence.begin(&claim.run.key);
        }
        if let Ok(claimed) = &claimed {
            self.world.note(|| format!("claimed {}: {claimed:?}", claim.run.key));
        }
        claimed
    }

    async fn count(&self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let mut failed = failed.clone();
        if self.is(Sabotage::CountUntried) && failed.outcome == FailedAs::NotCounted {
            failed.outcome = FailedAs::Attempt;
        }
        let before = self.memory.record(&failed.run.key).map_or(0, |record| record.attempts);
        let failures = self.memory.fail(&failed).await?;
        if failures.attempts > before {
            self.world.lock().counted(&failed.run.key);
        }
        Ok(failures)
    }
}

impl State {
    fn asks_for(&mut self, claim: &Claim) {
        let Running { actor, process, .. } = self.running;
        self.gates.claim(actor, process, &claim.run.key, claim.run.started_at, self.now);
    }

    /// An attempt was counted as one that failed.
    pub(super) fn counted(&mut self, key: &RunKey) {
        self.gates.count(self.running.actor, key, self.now);
    }
}

/// A request that comes after nobody waits for it any more.
fn late<T: Send + 'static, F: Future<Output = ()> + Send>(
    ports: Simulated,
    request: T,
    arrive: impl FnOnce(Simulated, T) -> F + Send + 'static,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        ports.world.turn(&[]).await;
        arrive(ports, request).await;
    })
}

fn lost(mishap: Mishap) -> LeaseError {
    LeaseError::Store { source: unavailable("change a lease")(mishap) }
}
