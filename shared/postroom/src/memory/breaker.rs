//! Breakers and rates, under the one lock.

use std::future::ready;

use crate::BoxFuture;
use crate::memory::MemoryStore;
use crate::port::{
    Breaker, BreakerChange, Breakers, Changed, Rates, Slots, SlotsAsked, StoreError,
};

impl Breakers for MemoryStore {
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>> {
        let found = self.lock().breakers.get(provider).copied().unwrap_or_default();
        Box::pin(ready(Ok(found)))
    }

    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>> {
        let mut state = self.lock();
        let breaker = state.breakers.entry(change.provider.to_owned()).or_default();
        let changed = if *breaker == change.from || *breaker == change.to {
            *breaker = change.to;
            Changed::Yes
        } else {
            Changed::No { found: *breaker }
        };
        Box::pin(ready(Ok(changed)))
    }
}

impl Rates for MemoryStore {
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        let mut state = self.lock();
        let taken_until = state.taken_until.get(asked.provider).copied();
        let first = taken_until.map_or(asked.earliest(), |until| until.max(asked.earliest()));
        let slots = if first > asked.latest() {
            Slots::Later { at: first }
        } else {
            state.taken_until.insert(asked.provider.to_owned(), asked.end(first));
            Slots::Taken { first }
        };
        Box::pin(ready(Ok(slots)))
    }
}
