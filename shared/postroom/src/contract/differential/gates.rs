//! Operations on the gates of two providers: their breakers, and their rates.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::contract::Adapters;
use crate::contract::differential::operations::{Operations, text, uuid};
use crate::port::{Breaker, BreakerChange, SlotsAsked};

const PROVIDERS: [&str; 2] = ["bank", "post"];

/// Where the breaker of each provider stands, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Gates([Breaker; PROVIDERS.len()]);

/// One call about the gate of one of the providers.
#[derive(Debug, Clone)]
pub(super) enum GateOperation {
    Find(usize),
    Change { provider: usize, from: Breaker, to: Breaker },
    Take { provider: usize, every: Duration, count: u32, now: Timestamp, patience: Duration },
}

impl Operations {
    pub(super) fn gate_operation(&mut self) -> GateOperation {
        let provider = self.random.any_of(&[0, 1]);
        match self.random.below(6) {
            0 => GateOperation::Find(provider),
            1..=3 => {
                let (any, to) = (self.breaker(), self.breaker());
                let known = self.gates.0[provider];
                let from = if self.random.below(4) == 0 { any } else { known };
                GateOperation::Change { provider, from, to }
            }
            _ => {
                let every = Duration::from_millis(self.random.any_of(&[1, 100, 700]));
                let count = self.random.any_of(&[1, 2, 25]);
                let patience = Duration::from_millis(self.random.any_of(&[0, 500, 3_000]));
                // Asked by the millisecond, so that slots run out.
                let since = Duration::from_millis(self.random.below(900));
                GateOperation::Take {
                    provider,
                    every,
                    count,
                    now: later(self.now, since),
                    patience,
                }
            }
        }
    }

    pub(super) async fn ask_gate(&self, operation: &GateOperation, adapters: &Adapters) -> String {
        let Adapters { breakers, rates, .. } = adapters;
        match *operation {
            GateOperation::Find(provider) => text(breakers.find(PROVIDERS[provider]).await),
            GateOperation::Change { provider, from, to } => {
                let change = BreakerChange { provider: PROVIDERS[provider], from, to };
                text(breakers.change(&change).await)
            }
            GateOperation::Take { provider, every, count, now, patience } => {
                let provider = PROVIDERS[provider];
                text(rates.take(&SlotsAsked { provider, every, count, now, patience }).await)
            }
        }
    }

    /// Takes up what a change has made of a breaker.
    pub(super) fn learn_gate(&mut self, operation: &GateOperation, answer: &str) {
        if let GateOperation::Change { provider, to, .. } = *operation
            && answer == "Yes"
        {
            self.gates.0[provider] = to;
        }
    }

    fn breaker(&mut self) -> Breaker {
        let openings = self.random.any_of(&[1, 2, u32::MAX]);
        let at = later(self.now, Duration::from_secs(self.random.below(60)));
        let prober = uuid(&mut self.random).into();
        let open = Breaker::Open { openings, probe_at: at };
        let probing = Breaker::Probing { openings, prober, until: at };
        self.random.any_of(&[Breaker::Closed, open, probing])
    }
}
