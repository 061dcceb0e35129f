//! What the keeper of rates promises: no slot is given out twice.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::contract::Adapters;
use crate::contract::sample::{at, provider};
use crate::port::{Slots, SlotsAsked};

const EVERY: Duration = Duration::from_millis(100);

fn asked(provider: &str, now: Timestamp, count: u32) -> SlotsAsked<'_> {
    SlotsAsked { provider, every: EVERY, count, now, patience: Duration::from_secs(2) }
}

fn after(now: Timestamp, milliseconds: u64) -> Timestamp {
    later(now, Duration::from_millis(milliseconds))
}

/// The first take what half a second has left over, and no more.
pub async fn the_slots_of_the_last_half_second_are_there_and_no_older_ones(adapters: &Adapters) {
    let provider = provider();

    let first = adapters.slots(&asked(&provider, at(10), 3)).await;
    let next = adapters.slots(&asked(&provider, at(10), 1)).await;
    let much_later = adapters.slots(&asked(&provider, at(60), 1)).await;

    assert_eq!(first, Slots::Taken { first: after(at(9), 500) });
    assert_eq!(next, Slots::Taken { first: after(at(9), 800) });
    assert_eq!(much_later, Slots::Taken { first: after(at(59), 500) });
}

/// Whoever would not wait so long gets none, and learns when there will be one.
pub async fn slots_too_far_ahead_are_nobodys(adapters: &Adapters) {
    let provider = provider();
    adapters.slots(&asked(&provider, at(10), 25)).await;

    let last = adapters.slots(&asked(&provider, at(10), 1)).await;
    let later = adapters.slots(&asked(&provider, at(10), 1)).await;

    assert_eq!(last, Slots::Taken { first: at(12) });
    assert_eq!(later, Slots::Later { at: after(at(12), 100) });
    assert_eq!(adapters.slots(&asked(&provider, at(10), 1)).await, later);
    let in_a_while = adapters.slots(&asked(&provider, after(at(10), 100), 1)).await;
    assert_eq!(in_a_while, Slots::Taken { first: after(at(12), 100) });
}

/// Of many who take some at the same time each gets its own.
pub async fn no_slot_is_given_out_twice(adapters: &Adapters) {
    let provider = provider();
    let asked = asked(&provider, at(10), 2);

    let taken = futures_util::future::join_all((0..10).map(|_| adapters.slots(&asked))).await;

    let firsts = taken.into_iter().map(|slots| match slots {
        Slots::Taken { first } => first,
        other => panic!("there is one, and not {other:?}"),
    });
    let expected = (0..10).map(|lot| after(at(9), 500 + lot * 200));
    assert_eq!(firsts.collect::<BTreeSet<_>>(), expected.collect());
}

/// What is taken from one provider is taken from no other.
pub async fn each_provider_has_its_own(adapters: &Adapters) {
    adapters.slots(&asked(&provider(), at(10), 5)).await;

    let other = adapters.slots(&asked(&provider(), at(10), 5)).await;

    assert_eq!(other, Slots::Taken { first: after(at(9), 500) });
}

impl Adapters {
    async fn slots(&self, asked: &SlotsAsked<'_>) -> Slots {
        self.rates.take(asked).await.unwrap()
    }
}
