//! A secret is read seldom, and never believed for long.

use std::sync::Arc;
use std::time::Duration;

use postroom::SecretCache;
use postroom::memory::{ManualClock, MemorySecrets};

/// A cache over a secret that says `first`.
fn cache() -> (SecretCache, MemorySecrets, Arc<ManualClock>) {
    let (kept, clock) = (
        MemorySecrets::default(),
        Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap())),
    );
    kept.put("first");
    (SecretCache::new(Arc::new(kept.clone()), clock.clone()), kept, clock)
}

async fn current(cache: &SecretCache) -> String {
    cache.current().await.unwrap().reveal().to_owned()
}

async fn renewed(cache: &SecretCache) -> Option<String> {
    let renewed = cache.renewed().await.unwrap();
    renewed.map(|secret| secret.reveal().to_owned())
}

#[tokio::test]
async fn a_secret_is_read_once_while_it_is_young_and_again_when_it_is_old() {
    let (cache, kept, clock) = cache();
    let almost = SecretCache::LONGEST.saturating_sub(Duration::from_micros(1));
    current(&cache).await;
    kept.put("second");

    clock.advance(almost);
    let young = current(&cache).await;
    let reads = kept.reads();
    clock.advance(Duration::from_micros(1));
    let old = current(&cache).await;

    assert_eq!((young.as_str(), reads), ("first", 1));
    assert_eq!((old.as_str(), kept.reads()), ("second", 2));
}

#[tokio::test]
async fn a_secret_that_may_have_changed_is_read_again_but_not_as_often_as_strangers_like() {
    let (cache, kept, clock) = cache();
    let almost = SecretCache::SHORTEST.saturating_sub(Duration::from_micros(1));
    current(&cache).await;
    kept.put("second");

    clock.advance(almost);
    let too_soon = renewed(&cache).await;
    clock.advance(Duration::from_micros(1));
    let in_time = renewed(&cache).await;
    let again = renewed(&cache).await;

    assert_eq!((too_soon, in_time.as_deref(), again), (None, Some("second"), None));
    assert_eq!((current(&cache).await.as_str(), kept.reads()), ("second", 2));
}

#[tokio::test]
async fn an_old_secret_that_cannot_be_read_again_is_believed_no_longer() {
    let (cache, kept, clock) = cache();
    current(&cache).await;
    kept.withhold();

    clock.advance(SecretCache::LONGEST);

    assert!(cache.current().await.is_err());
}

#[tokio::test]
async fn a_failed_look_for_a_change_leaves_what_is_held_and_counts_as_a_look() {
    let (cache, kept, clock) = cache();
    current(&cache).await;
    kept.withhold();

    clock.advance(SecretCache::SHORTEST);
    let failed = cache.renewed().await.is_err();

    assert!(failed);
    assert_eq!(renewed(&cache).await, None);
    assert_eq!((current(&cache).await.as_str(), kept.reads()), ("first", 2));
}

#[test]
fn whoever_prints_a_cache_or_its_secret_gives_nothing_away() {
    let (cache, kept, _) = cache();
    let secret = postroom::SecretText::new("first".to_owned());

    let printed = format!("{cache:?} {kept:?} {secret:?}");

    assert!(!printed.contains("first"), "{printed}");
}
