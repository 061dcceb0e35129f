//! Reading state.

use std::collections::BTreeSet;
use std::future::ready;
use std::ops::Bound;

use crate::BoxFuture;
use crate::live::{LiveItem, LiveShard};
use crate::memory::MemoryStore;
use crate::memory::state::{PAGE, page};
use crate::port::{CommitError, Item, Listing, MAX_KEYS, Page, Store, StoreError};
use crate::stored::{Key, Partition, join, split};
use crate::transaction::Transaction;

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let found = self.lock().items.get(key).cloned();
        Box::pin(ready(Ok(found)))
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        let different: BTreeSet<&Key> = keys.iter().collect();
        if keys.len() > MAX_KEYS || different.len() < keys.len() {
            let source = format!("{} keys, {} of them different", keys.len(), different.len());
            let (operation, source) = ("read items", source.into());
            return Box::pin(ready(Err(StoreError::Refused { operation, source })));
        }
        let state = self.lock();
        let found = keys.iter().map(|key| state.items.get(key).cloned()).collect();
        Box::pin(ready(Ok(found)))
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        let Listing { partition, prefix, .. } = listing;
        let first = Key { partition: partition.clone(), id: prefix.clone() };
        let mut found: Vec<Item> = {
            let state = self.lock();
            let rest = state.items.range(first..);
            let listed = rest.take_while(|(key, _)| {
                key.partition == *partition && key.id.starts_with(prefix.as_str())
            });
            listed.map(|(_, item)| item.clone()).collect()
        };
        if listing.descending {
            found.reverse();
        }
        let behind = |id: &str| match &listing.after {
            None => true,
            Some(after) if listing.descending => id < after.as_str(),
            Some(after) => id > after.as_str(),
        };
        found.retain(|item| behind(&item.key.id));
        let rows = found.into_iter().map(|item| (item.key.id.clone(), item));
        Box::pin(ready(Ok(page(rows, listing.limit))))
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        let behind = match after.and_then(key_at) {
            Some(key) => Bound::Excluded(key),
            None => Bound::Unbounded,
        };
        let state = self.lock();
        let rest = state.items.range((behind, Bound::Unbounded)).map(|(_, item)| item);
        let live = rest.filter(|item| item.live.as_ref() == Some(shard));
        let page = page(live.map(|item| (position(&item.key), &item.key)), PAGE);
        let items = page.items.into_iter().map(live_item).collect::<Result<_, _>>();
        Box::pin(ready(items.map(|items| Page { items, next: page.next })))
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        let committed = self.lock().commit(tx);
        Box::pin(ready(committed))
    }
}

/// Where a key lies among all keys, as text.
pub(super) fn position(key: &Key) -> String {
    join('#', &[key.partition.as_str(), &key.id])
}

pub(super) fn key_at(position: &str) -> Option<Key> {
    let [partition, id] = split('#', position).try_into().ok()?;
    Some(Key { partition: Partition::from_stored(partition), id })
}

fn live_item(key: &Key) -> Result<LiveItem, StoreError> {
    LiveItem::from_stored(key.partition.as_str(), key.id.clone()).map_err(|error| {
        StoreError::Corrupt { operation: "list what is live", reason: error.to_string() }
    })
}
