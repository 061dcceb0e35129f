//! What the keeper of breakers promises: of those who saw the same, one changes it.

use crate::contract::Adapters;
use crate::contract::sample::{at, owner, provider};
use crate::port::{Breaker, BreakerChange, Changed};

/// What was never opened is closed.
pub async fn a_breaker_that_never_was_is_closed(adapters: &Adapters) {
    assert_eq!(adapters.breaker(&provider()).await, Breaker::Closed);
}

/// Each state is found as it was changed to.
pub async fn a_breaker_is_found_as_it_was_changed(adapters: &Adapters) {
    let provider = provider();
    let mut from = Breaker::Closed;
    for to in [
        Breaker::Open { openings: u32::MAX, probe_at: at(1) },
        Breaker::Probing { openings: 2, prober: owner(), until: at(2) },
        Breaker::Closed,
        Breaker::Open { openings: 1, probe_at: at(3) },
    ] {
        assert_eq!(adapters.changed(&provider, from, to).await, Changed::Yes);
        assert_eq!(adapters.breaker(&provider).await, to);
        from = to;
    }
}

/// Whoever saw another state changes nothing, and learns what there is.
pub async fn only_who_saw_it_as_it_stands_changes_it(adapters: &Adapters) {
    let open = Breaker::Open { openings: 1, probe_at: at(10) };
    let probing = Breaker::Probing { openings: 1, prober: owner(), until: at(40) };
    let later = Breaker::Open { openings: 1, probe_at: at(11) };
    let again = Breaker::Open { openings: 2, probe_at: at(10) };
    let late = Breaker::Probing { openings: 1, prober: owner(), until: at(40) };
    for stands in [Breaker::Closed, open, probing] {
        let provider = provider();
        adapters.changed(&provider, Breaker::Closed, stands).await;
        for seen in [Breaker::Closed, open, probing, later, again, late] {
            let to = Breaker::Probing { openings: 1, prober: owner(), until: at(50) };
            let changed = adapters.changed(&provider, seen, to).await;

            if seen == stands {
                assert_eq!(changed, Changed::Yes);
                assert_eq!(adapters.changed(&provider, to, stands).await, Changed::Yes);
            } else {
                assert_eq!(changed, Changed::No { found: stands }, "{seen:?}");
                assert_eq!(adapters.breaker(&provider).await, stands);
            }
        }
    }
}

/// A change whose answer was lost is sent again, and is the caller's.
pub async fn a_change_sent_twice_is_made_once(adapters: &Adapters) {
    let provider = provider();
    let open = Breaker::Open { openings: 1, probe_at: at(10) };

    for _ in 0..2 {
        assert_eq!(adapters.changed(&provider, Breaker::Closed, open).await, Changed::Yes);
    }
}

/// Of many who saw it open at the same time, one probes.
pub async fn of_those_who_want_to_probe_one_does(adapters: &Adapters) {
    let provider = provider();
    let open = Breaker::Open { openings: 1, probe_at: at(10) };
    adapters.changed(&provider, Breaker::Closed, open).await;

    let probes = (0..10).map(|_| {
        let to = Breaker::Probing { openings: 1, prober: owner(), until: at(40) };
        adapters.changed(&provider, open, to)
    });
    let changed = futures_util::future::join_all(probes).await;

    assert_eq!(changed.iter().filter(|changed| **changed == Changed::Yes).count(), 1);
}

/// What stands for one provider stands for no other.
pub async fn each_provider_has_its_own(adapters: &Adapters) {
    let (down, well) = (provider(), provider());
    let open = Breaker::Open { openings: 1, probe_at: at(10) };

    adapters.changed(&down, Breaker::Closed, open).await;

    assert_eq!(adapters.breaker(&well).await, Breaker::Closed);
}

impl Adapters {
    async fn breaker(&self, provider: &str) -> Breaker {
        self.breakers.find(provider).await.unwrap()
    }

    async fn changed(&self, provider: &str, from: Breaker, to: Breaker) -> Changed {
        self.breakers.change(&BreakerChange { provider, from, to }).await.unwrap()
    }
}
