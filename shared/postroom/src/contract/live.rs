//! What a store promises of what is live. Its index may lag behind, so it is asked until it has caught up.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, SystemClock};
use crate::contract::Adapters;
use crate::contract::sample::{Sample, Thing, put_view, save_new, save_over};
use crate::live::{LiveItem, LiveShard};
use crate::stored::Stored;
use crate::transaction::ItemWrite;

/// How often the index is asked, and how long to wait before it is asked again.
const ASK: (usize, Duration) = (50, Duration::from_millis(100));

/// What is saved live is found by its tenant and its id, also inside a parent, and read back as live.
pub async fn what_is_live_is_found(adapters: &Adapters) {
    let sample = Sample::new();
    let (alone, child) = (sample.key("a"), sample.key_within("parent", "b"));

    let saved = [&alone, &child].map(|key| live(&sample, save_new(key, json!({}))));
    adapters.commit(&sample.tx_with(saved)).await;

    finds(adapters, &sample, &["a", "b"]).await;
    assert_eq!(adapters.item(&alone).await.unwrap().live, Some(shard(&sample)));
}

/// Nobody visits what never was live, or a view.
pub async fn what_is_not_live_is_not_found(adapters: &Adapters) {
    let sample = Sample::new();
    let writes = [
        save_new(&sample.key("dead"), json!({})),
        put_view(&sample.key("view"), json!({})),
        live(&sample, save_new(&sample.key("live"), json!({}))),
    ];

    adapters.commit(&sample.tx_with(writes)).await;

    finds(adapters, &sample, &["live"]).await;
}

/// Saved when it is live no longer, or put as a view, it is not found any more; saved live again, it is.
pub async fn what_is_live_no_longer_is_not_found(adapters: &Adapters) {
    let sample = Sample::new();
    let keys = ["ended", "stays", "view"].map(|id| sample.key(id));
    let saved = keys.each_ref().map(|key| live(&sample, save_new(key, json!({}))));
    adapters.commit(&sample.tx_with(saved)).await;
    finds(adapters, &sample, &["ended", "stays", "view"]).await;

    let [ended, stays, view] = &keys;
    let writes = [
        save_over(ended, 1, json!({})),
        live(&sample, save_over(stays, 1, json!({}))),
        put_view(view, json!({})),
    ];
    adapters.commit(&sample.tx_with(writes)).await;

    finds(adapters, &sample, &["stays"]).await;
    assert_eq!(adapters.item(ended).await.unwrap().live, None);
    assert_eq!(adapters.item(view).await.unwrap().live, None);

    adapters.commit(&sample.tx_with([live(&sample, save_over(ended, 2, json!({})))])).await;
    finds(adapters, &sample, &["ended", "stays"]).await;
}

/// A lost race makes nothing live.
pub async fn a_lost_race_makes_nothing_live(adapters: &Adapters) {
    let sample = Sample::new();
    let (first, late) = (sample.key("first"), sample.key("late"));
    adapters.commit(&sample.tx_with([live(&sample, save_new(&first, json!({})))])).await;

    let tx =
        sample.tx_with([live(&sample, save_new(&late, json!({}))), save_new(&first, json!({}))]);
    adapters.loses(&tx, false).await;

    finds(adapters, &sample, &["first"]).await;
}

/// Following `next` visits everything once, and what is of one tenant comes together.
pub async fn pages_neither_skip_nor_repeat(adapters: &Adapters) {
    const TENANTS: usize = 3;
    const MANY: usize = 90;
    let shard = shard(&Sample::new());
    let samples: Vec<_> = std::iter::repeat_with(Sample::new)
        .filter(|sample| self::shard(sample) == shard)
        .take(TENANTS)
        .collect();
    for sample in &samples {
        let ids = (0..MANY).map(|n| sample.key(&format!("{n:02}")));
        let saved = ids.map(|key| live(sample, save_new(&key, json!({}))));
        adapters.commit(&sample.tx_with(saved)).await;
    }

    let seen = all(adapters, &shard, TENANTS * MANY).await;

    let ids: BTreeSet<_> = seen.iter().map(|item| (&item.tenant, &item.id)).collect();
    assert_eq!((seen.len(), ids.len()), (TENANTS * MANY, TENANTS * MANY));
    let changes = seen.windows(2).filter(|pair| pair[0].tenant != pair[1].tenant).count();
    assert_eq!(changes, TENANTS - 1);
}

/// What the last page ended with may be gone by the time of the next.
pub async fn a_page_goes_on_behind_what_is_gone(adapters: &Adapters) {
    const MANY: usize = 99;
    let first = Sample::new();
    let shard = shard(&first);
    let second = std::iter::repeat_with(Sample::new).find(|sample| self::shard(sample) == shard);
    let samples = [first, second.unwrap()];
    for sample in &samples {
        let ids = (0..MANY).map(|n| sample.key(&format!("{n:02}")));
        let saved = ids.map(|key| live(sample, save_new(&key, json!({}))));
        adapters.commit(&sample.tx_with(saved)).await;
    }
    all(adapters, &shard, 2 * MANY).await;
    let first = adapters.store.live(&shard, None).await.unwrap();
    let last = first.items.last().unwrap();
    let sample = samples.iter().find(|sample| sample.tenant == last.tenant).unwrap();

    adapters.commit(&sample.tx_with([save_over(&sample.key(&last.id), 1, json!({}))])).await;
    let rest = behind(adapters, &shard, first.next.clone()).await;

    assert!(!rest.is_empty());
    assert_eq!(first.items.len() + rest.len(), 2 * MANY);
    assert!(first.items.iter().all(|item| !rest.contains(item)));
}

fn shard(sample: &Sample) -> LiveShard {
    LiveShard::of(&sample.tenant, Thing::COLLECTION)
}

/// The same write, of something live.
fn live(sample: &Sample, write: ItemWrite) -> ItemWrite {
    match write {
        ItemWrite::Save { key, guard, head, data, .. } => {
            ItemWrite::Save { key, guard, head, live: Some(shard(sample)), data }
        }
        other => other,
    }
}

/// Everything in a shard behind a position.
async fn behind(
    adapters: &Adapters,
    shard: &LiveShard,
    mut after: Option<String>,
) -> Vec<LiveItem> {
    let mut items = Vec::new();
    for _ in 0..100 {
        let page = adapters.store.live(shard, after.as_deref()).await.unwrap();
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
    panic!("a shard without end");
}

/// Everything in a shard, once there is as much as there has to be, or it is clear that there will not be.
async fn all(adapters: &Adapters, shard: &LiveShard, count: usize) -> Vec<LiveItem> {
    let (times, wait) = ASK;
    for _ in 0..times {
        let items = behind(adapters, shard, None).await;
        if items.len() == count {
            return items;
        }
        SystemClock.sleep(wait).await;
    }
    behind(adapters, shard, None).await
}

/// Expects that just these are found in the sample's shard.
async fn finds(adapters: &Adapters, sample: &Sample, ids: &[&str]) {
    let found = all(adapters, &shard(sample), ids.len()).await;

    let mut found: Vec<_> = found.into_iter().map(|item| (item.tenant, item.id)).collect();
    found.sort();
    let expected: Vec<_> = ids.iter().map(|id| (sample.tenant.clone(), (*id).to_owned())).collect();
    assert_eq!(found, expected);
}
