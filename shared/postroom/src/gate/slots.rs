//! Waiting for the slots of a rate.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{between, later};
use crate::gate::rate::{Lot, Rate};
use crate::gate::{Gate, wait};
use crate::port::{Slots, SlotsAsked};
use crate::runtime::{Holder, Runtime};

/// The longest that a run waits in its process for its slot.
const PATIENCE: Duration = Duration::from_secs(10);
/// Those that are sent away for want of a slot come back over this time.
const SPREAD: Duration = Duration::from_secs(5);
/// For how long the shared rate is left alone after it could not be reached.
const LEFT_ALONE: Duration = Duration::from_secs(10);

/// Which slots this process has.
#[derive(Debug, Default)]
pub(super) struct Own {
    lot: Lot,
    /// Until when the shared rate is left alone, since it could not be reached.
    unlimited_until: Option<Timestamp>,
}

impl Gate {
    /// Waits for a slot of the rate, or says how long to stay away.
    pub(super) async fn wait_for_slot(
        &self,
        runtime: &Runtime,
        holder: &Holder,
        needed: Duration,
    ) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let patience = holder.left(runtime.now()).saturating_sub(needed).min(PATIENCE);
        let Some(slot) = self.slot(runtime, rate, patience).await? else { return Ok(()) };
        let wait = between(runtime.now(), slot);
        if !wait.is_zero() {
            runtime.ports().clock.sleep(wait).await;
        }
        Ok(())
    }

    /// The next slot; `None` where the shared rate cannot be reached. `Err` is how long to stay away.
    async fn slot(
        &self,
        runtime: &Runtime,
        rate: Rate,
        patience: Duration,
    ) -> Result<Option<Timestamp>, Duration> {
        let mut own = self.slots.lock().await;
        let now = runtime.now();
        if let Some(slot) = own.lot.take(rate, now) {
            return Ok(Some(slot));
        }
        if own.unlimited_until.is_some_and(|until| now < until) {
            return Ok(None);
        }
        let (provider, every, count) = (self.provider, rate.every, rate.lot);
        let asked = SlotsAsked { provider, every, count, now, patience };
        match self.rates.take(&asked).await {
            Ok(Slots::Taken { first }) => {
                own.lot = Lot::taken(first, rate);
                // Where the store took long, all of them may be lost already.
                own.lot.take(rate, runtime.now()).map(Some).ok_or_else(|| runtime.jitter(SPREAD))
            }
            Ok(Slots::Later { at }) => Err(wait(runtime, now, at, SPREAD)),
            Err(error) => {
                self.unreachable(&error);
                own.unlimited_until = Some(later(now, LEFT_ALONE));
                Ok(None)
            }
        }
    }
}
