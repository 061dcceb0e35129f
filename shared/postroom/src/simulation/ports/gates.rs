//! Breakers and rates of outside services.

use jiff::Timestamp;

use crate::BoxFuture;
use crate::port::{
    Breaker, BreakerChange, Breakers, Changed, Rates, Slots, SlotsAsked, StoreError,
};
use crate::simulation::Sabotage;
use crate::simulation::gates::Heard;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::{Mishap, State, WRITE};

impl Breakers for Simulated {
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>> {
        Box::pin(async move {
            let mut asked = Asked::of(self, provider);
            let found = self.world.read(Breakers::find(&self.memory, provider)).await;
            let mut found = found.map_err(unavailable("find a breaker")).flatten();
            if self.is(Sabotage::EveryoneProbes)
                && let Ok(Breaker::Probing { openings, .. } | Breaker::Open { openings, .. }) =
                    found
            {
                found = Ok(Breaker::Open { openings, probe_at: self.world.lock().now });
            }
            let heard = found.as_ref().map_or(Heard::Unreachable, |found| Heard::Stands(*found));
            asked.is_answered = true;
            self.world.lock().hear(provider, heard);
            found
        })
    }

    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let BreakerChange { provider, from, to } = *change;
                let (ports, provider) = (self.clone(), provider.to_owned());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    let _ = ports.turn(&BreakerChange { provider: &provider, from, to }).await;
                })
            };
            let changed = self.world.write(WRITE, self.turn(change), late).await;
            let changed = changed.map_err(unavailable("change a breaker")).flatten();
            let heard = match &changed {
                Ok(Changed::Yes) if matches!(change.to, Breaker::Probing { .. }) => Heard::Elected,
                Ok(Changed::Yes) => Heard::Stands(change.to),
                Ok(Changed::No { found }) => Heard::Stands(*found),
                Err(_) => Heard::Unreachable,
            };
            self.world.lock().hear(change.provider, heard);
            changed
        })
    }
}

impl Rates for Simulated {
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        Box::pin(async move {
            let late = || -> BoxFuture<'static, ()> {
                let SlotsAsked { provider, every, count, now, patience } = *asked;
                let (ports, provider) = (self.clone(), provider.to_owned());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    let provider = provider.as_str();
                    let asked = SlotsAsked { provider, every, count, now, patience };
                    // They are nobody's.
                    let _ = ports.slots(&asked).await;
                })
            };
            let slots = match self.world.write(WRITE, self.slots(asked), late).await {
                Ok(slots) => slots,
                // As a store says it that too many ask.
                Err(Mishap::Throttled) => Ok(Slots::Busy),
                Err(mishap) => Err(unavailable("take slots")(mishap)),
            };
            self.world.lock().hear_of_slots(asked, slots.as_ref().ok());
            slots
        })
    }
}

impl Simulated {
    async fn turn(&self, asked: &BreakerChange<'_>) -> Result<Changed, StoreError> {
        let mut change = *asked;
        if self.is(Sabotage::EveryoneProbes) && matches!(asked.to, Breaker::Probing { .. }) {
            change.from = Breakers::find(&self.memory, asked.provider).await?;
        }
        let changed = self.memory.change(&change).await?;
        if changed == Changed::Yes {
            let mut state = self.world.lock();
            let now = state.now;
            state.gates.change(asked.provider, now, asked.from, asked.to);
            state.note(|| format!("the breaker of {} is {:?}", asked.provider, asked.to));
        }
        Ok(changed)
    }

    async fn slots(&self, asked: &SlotsAsked<'_>) -> Result<Slots, StoreError> {
        if !self.is(Sabotage::SlotsInTwoCalls) {
            return self.memory.take(asked).await;
        }
        let taken = self.tampering().slots.get(asked.provider).copied();
        self.world.turn(WRITE).await;
        let first = taken.map_or(asked.earliest(), |until: Timestamp| until.max(asked.earliest()));
        if first > asked.latest() {
            return Ok(Slots::Later { at: first });
        }
        self.tampering().slots.insert(asked.provider.to_owned(), asked.end(first));
        Ok(Slots::Taken { first })
    }
}

/// Whether a breaker is open, asked and not answered yet. Whoever is cut off meanwhile has asked all the same, and does not
/// ask again for a while: to its process the breaker is as one that cannot be reached.
struct Asked<'a> {
    ports: &'a Simulated,
    service: &'a str,
    process: u64,
    is_answered: bool,
}

impl<'a> Asked<'a> {
    fn of(ports: &'a Simulated, service: &'a str) -> Self {
        let process = ports.world.lock().running.process;
        Self { ports, service, process, is_answered: false }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let mut state = self.ports.world.lock();
            let now = state.now;
            state.gates.hear(self.process, self.service, now, Heard::Unreachable);
        }
    }
}

impl State {
    fn hear(&mut self, service: &str, heard: Heard) {
        self.gates.hear(self.running.process, service, self.now, heard);
    }

    fn hear_of_slots(&mut self, asked: &SlotsAsked<'_>, slots: Option<&Slots>) {
        let (process, now) = (self.running.process, self.now);
        match slots {
            Some(Slots::Taken { first }) => self.gates.give(process, asked, now, *first),
            Some(Slots::Later { .. } | Slots::Busy) => {}
            None => self.gates.lose(process, asked.provider, now),
        }
    }
}
