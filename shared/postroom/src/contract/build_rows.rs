//! What those promise who find the rows of old builds, and remove them.

use std::collections::BTreeSet;

use serde_json::json;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, put_view};
use crate::stored::Key;

/// More than one page of any adapter.
const ITEMS: usize = 620;
/// More pages than so many keys can need.
const MAX_PAGES: usize = 100;

/// Of all tenants, whatever they hold.
pub async fn every_key_comes_once(adapters: &Adapters) {
    let (one, other) = (Sample::new(), Sample::new());
    let mut written = BTreeSet::new();
    for index in 0..ITEMS / 2 {
        written.insert(one.key_within("p#1", &format!("{index}")));
        written.insert(other.key(&format!("{index}#%")));
    }
    put(adapters, &one, &written).await;

    let found = all(adapters).await;

    assert_eq!(found.len(), written.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), written);
}

/// A sweep is interrupted anywhere, and its position is kept for as long as it takes.
pub async fn a_page_goes_on_where_the_one_before_ended_though_that_is_removed(adapters: &Adapters) {
    let sample = Sample::new();
    let written = (0..ITEMS).map(|index| sample.key(&format!("{index:04}"))).collect();
    put(adapters, &sample, &written).await;

    let first = adapters.rows.keys(None).await.unwrap();
    adapters.rows.remove(&first.items).await.unwrap();
    let mut found: BTreeSet<_> = first.items.into_iter().collect();
    found.extend(behind(adapters, first.next).await);

    assert_eq!(found, written);
}

/// What was removed before does not matter either: a sweep does a page twice.
pub async fn what_is_removed_is_gone_and_nothing_else(adapters: &Adapters) {
    let sample = Sample::new();
    let written: BTreeSet<_> = (0..60).map(|index| sample.key(&format!("{index:02}"))).collect();
    put(adapters, &sample, &written).await;
    let (removed, kept): (Vec<_>, Vec<_>) =
        written.into_iter().partition(|key| key.id.as_str() < "31");

    adapters.rows.remove(&removed).await.unwrap();
    adapters.rows.remove(&removed).await.unwrap();
    adapters.rows.remove(&[]).await.unwrap();

    assert_eq!(
        all(adapters).await.into_iter().collect::<BTreeSet<_>>(),
        kept.into_iter().collect()
    );
    assert_eq!(adapters.item(&removed[0]).await, None);
}

async fn put(adapters: &Adapters, sample: &Sample, keys: &BTreeSet<Key>) {
    for some in keys.iter().collect::<Vec<_>>().chunks(90) {
        let writes = some.iter().map(|key| put_view(key, json!({"some": "thing"})));
        adapters.commit(&sample.tx_with(writes)).await;
    }
}

async fn all(adapters: &Adapters) -> Vec<Key> {
    let first = adapters.rows.keys(None).await.unwrap();
    let mut found = first.items;
    found.extend(behind(adapters, first.next).await);
    found
}

/// What comes behind a page.
async fn behind(adapters: &Adapters, mut after: Option<String>) -> Vec<Key> {
    let mut found = Vec::new();
    for _ in 0..MAX_PAGES {
        let Some(position) = after else { return found };
        let page = adapters.rows.keys(Some(&position)).await.unwrap();
        found.extend(page.items);
        after = page.next;
    }
    panic!("more than {MAX_PAGES} pages of {} keys", found.len());
}
