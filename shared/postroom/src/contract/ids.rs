//! What a source of ids promises.
#![expect(clippy::unused_async, reason = "promises are asynchronous, whatever they look at")]

use std::collections::BTreeSet;

use crate::id::Ids;

/// Not even when many are asked for in the same millisecond.
pub async fn no_id_is_given_twice(ids: &dyn Ids) {
    let fresh: BTreeSet<_> = (0..10_000).map(|_| ids.fresh()).collect();

    assert_eq!(fresh.len(), 10_000);
}

/// So that what is listed by id is listed by age.
pub async fn ids_sort_by_when_they_were_made(ids: &dyn Ids) {
    let fresh: Vec<_> = (0..1_000).map(|_| ids.fresh()).collect();

    assert!(fresh.is_sorted());
    assert!(fresh.iter().all(|id| id.get_version_num() == 7));
}

/// Waiting times are drawn from the lower half of an id.
pub async fn their_lower_half_is_spread_evenly(ids: &dyn Ids) {
    let mut counts = [0_u32; 10];
    for _ in 0..10_000 {
        counts[usize::try_from(ids.fresh().as_u64_pair().1 % 10).unwrap()] += 1;
    }

    assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
}
