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
const LOST: Duration = Duration::from_secs(10);
/// The same after it was asked more often than it can answer.
const BUSY: Duration = Duration::from_secs(1);

/// Which slots this process has, and what it knows of the others.
#[derive(Debug, Default)]
pub(super) struct Own {
    lot: Lot,
    /// Before this time no slot is free: slots that are taken are never given back.
    next_free: Option<Timestamp>,
    left_alone: Option<LeftAlone>,
}

/// Why the shared rate is not asked for a while.
#[derive(Debug, Clone, Copy)]
enum LeftAlone {
    /// It could not be reached: calls are made without it.
    Lost { until: Timestamp },
    /// Too many ask: whoever finds no slot here comes back. It is just then that there must be a limit.
    Busy { until: Timestamp },
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
        let latest = later(now, patience);
        let later_than = |at: Timestamp| wait(runtime, now, at, SPREAD);
        if let Some(slot) = own.lot.peek(rate, now) {
            // Whoever is gone by then leaves it to another.
            if slot > latest {
                return Err(later_than(slot));
            }
            own.lot.take(rate, now);
            return Ok(Some(slot));
        }
        match own.left_alone {
            Some(LeftAlone::Lost { until }) if now < until => return Ok(None),
            Some(LeftAlone::Busy { until }) if now < until => return Err(later_than(until)),
            Some(_) | None => {}
        }
        if let Some(at) = own.next_free.filter(|at| *at > latest) {
            return Err(later_than(at));
        }
        let (provider, every, count) = (self.provider, rate.every, rate.lot);
        let asked = SlotsAsked { provider, every, count, now, patience };
        match self.rates.take(&asked).await {
            Ok(Slots::Taken { first }) => {
                own.lot = Lot::taken(first, rate);
                // Where the store took long, all of them may be lost already.
                own.lot.take(rate, runtime.now()).map(Some).ok_or_else(|| runtime.jitter(SPREAD))
            }
            Ok(Slots::Later { at }) => {
                own.next_free = Some(at);
                Err(later_than(at))
            }
            Ok(Slots::Busy) => {
                let until = later(now, BUSY);
                own.left_alone = Some(LeftAlone::Busy { until });
                Err(later_than(until))
            }
            Err(error) => {
                self.unreachable(&error);
                own.left_alone = Some(LeftAlone::Lost { until: later(now, LOST) });
                Ok(None)
            }
        }
    }
}
