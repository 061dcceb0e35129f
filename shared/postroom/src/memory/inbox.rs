//! The inbox: the moves of the state picture in [`port::Inbox`](crate::port::Inbox), under the one lock.

use std::future::ready;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::id::{CorrelationId, MessageId, OwnerToken, TenantId};
use crate::memory::MemoryStore;
use crate::memory::state::{Entry, PAGE, State, page};
use crate::port::{
    Claim, Claimed, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Page, Run, RunKey,
    RunStatus, StoreError,
};

impl Inbox for MemoryStore {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        let found = self.lock().live(key, now).map(|entry| entry.record.clone());
        Box::pin(ready(Ok(found)))
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        let claimed = self.lock().claim(claim);
        Box::pin(ready(Ok(claimed)))
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        let mut state = self.lock();
        let renewed = state.held(key, owner).map(|entry| entry.record.lease_until = Some(until));
        Box::pin(ready(renewed))
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        let mut state = self.lock();
        let released = state.held(key, owner).map(|entry| entry.release(at));
        Box::pin(ready(released))
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        let failures = self.lock().fail(failed);
        Box::pin(ready(failures))
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut state = self.lock();
        let parked = state.inbox.get_mut(key).filter(|entry| {
            entry.record.status == RunStatus::Parked && entry.instead == Some(message)
        });
        let stands_in = parked.map(Entry::begin_anew).is_some();
        Box::pin(ready(Ok(stands_in)))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        let mut rows: Vec<(String, InboxRecord)> = {
            let state = self.lock();
            let records = state.inbox.values().map(|entry| &entry.record);
            let of_chain = records.filter(|record| {
                record.run.tenant_id == *tenant && record.run.correlation_id == *correlation_id
            });
            of_chain.map(|record| (record.run.position(), record.clone())).collect()
        };
        rows.retain(|(position, _)| after.is_none_or(|after| position.as_str() > after));
        rows.sort_by(|(left, _), (right, _)| left.cmp(right));
        Box::pin(ready(Ok(page(rows.into_iter(), PAGE))))
    }
}

impl State {
    /// The entry under a key, unless it has expired.
    pub(super) fn live(&self, key: &RunKey, now: Timestamp) -> Option<&Entry> {
        self.inbox.get(key).filter(|entry| entry.record.run.expires_at > now)
    }

    fn claim(&mut self, claim: &Claim) -> Claimed {
        let now = claim.run.started_at;
        let earlier = self.live(&claim.run.key, now).cloned();
        let mut entry = earlier.unwrap_or_else(|| Entry::new(claim.run.clone()));
        let unknown = match entry.record.status {
            RunStatus::Done => return Claimed::Done,
            RunStatus::Parked => {
                return Claimed::Parked { reason: entry.record.reason.unwrap_or_default() };
            }
            RunStatus::Waiting => false,
            // A claim whose answer was lost is sent again.
            RunStatus::Running if entry.owner == Some(claim.owner) => entry.unknown,
            RunStatus::Running => match entry.record.lease_until {
                Some(until) if until > now => return Claimed::InFlight { until },
                _ => true,
            },
        };
        let attempts = entry.record.attempts;
        entry.record.run = claim.run.clone();
        entry.record.status = RunStatus::Running;
        entry.record.lease_until = Some(claim.until);
        (entry.owner, entry.unknown) = (Some(claim.owner), unknown);
        self.inbox.insert(claim.run.key.clone(), entry);
        Claimed::Granted { attempts, unknown }
    }

    fn fail(&mut self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let key = &failed.run.key;
        let earlier = match failed.owner {
            Some(owner) => Some(&self.held(key, owner)?.record),
            None => match self.live(key, failed.at) {
                None => None,
                Some(entry) if entry.record.is_idle(failed.at) => Some(&entry.record),
                Some(_) => return Err(LeaseError::LeaseLost),
            },
        };
        let attempts = earlier.map_or(0, |record| record.attempts) + failed.outcome.counts();
        let first_at = earlier.and_then(|record| record.first_failed_at).unwrap_or(failed.at);
        let mut entry = Entry::new(failed.run.clone());
        entry.record.attempts = attempts;
        entry.record.first_failed_at = Some(first_at);
        entry.record.status = failed.outcome.status();
        entry.record.finished_at = Some(failed.at);
        entry.record.reason = Some(failed.reason.clone());
        self.inbox.insert(key.clone(), entry);
        Ok(Failures { attempts, first_at })
    }

    fn held(&mut self, key: &RunKey, owner: OwnerToken) -> Result<&mut Entry, LeaseError> {
        let entry = self.inbox.get_mut(key).filter(|entry| entry.held_by(owner));
        entry.ok_or(LeaseError::LeaseLost)
    }
}

impl Entry {
    /// A record that waits for its first attempt.
    pub(super) fn new(run: Run) -> Self {
        let record = InboxRecord {
            run,
            status: RunStatus::Waiting,
            attempts: 0,
            first_failed_at: None,
            finished_at: None,
            lease_until: None,
            token: None,
            skipped: None,
            output: None,
            fingerprint: None,
            actions: None,
            reason: None,
        };
        Self { record, owner: None, unknown: false, instead: None }
    }

    /// Forgets its failures.
    pub(super) fn begin_anew(&mut self) {
        let record = &mut self.record;
        (record.status, record.attempts) = (RunStatus::Waiting, 0);
        (record.first_failed_at, record.token, record.reason) = (None, None, None);
        (self.owner, self.unknown, self.instead) = (None, false, None);
    }

    /// Parks it, whoever held it.
    pub(super) fn park(&mut self, reason: String, instead: Option<MessageId>) {
        self.record.status = RunStatus::Parked;
        (self.record.reason, self.record.lease_until) = (Some(reason), None);
        (self.owner, self.unknown, self.instead) = (None, false, instead);
    }

    fn release(&mut self, at: Timestamp) {
        self.owner = None;
        if self.unknown {
            self.record.lease_until = Some(at);
        } else {
            (self.record.status, self.record.lease_until) = (RunStatus::Waiting, None);
        }
    }

    /// Whether the lease is this owner's. One that ran out is its owner's still, until somebody else takes it.
    pub(super) fn held_by(&self, owner: OwnerToken) -> bool {
        self.record.status == RunStatus::Running && self.owner == Some(owner)
    }
}
