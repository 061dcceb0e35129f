//! Reading state.

use std::future::ready;

use crate::BoxFuture;
use crate::memory::MemoryStore;
use crate::memory::state::page;
use crate::port::{CommitError, Item, Listing, Page, Store, StoreError};
use crate::stored::Key;
use crate::transaction::Transaction;

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let found = self.lock().items.get(key).cloned();
        Box::pin(ready(Ok(found)))
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        let first = Key { partition: listing.partition.clone(), id: String::new() };
        let mut found: Vec<Item> = {
            let state = self.lock();
            let rest = state.items.range(first..);
            let partition = rest.take_while(|(key, _)| key.partition == listing.partition);
            partition.map(|(_, item)| item.clone()).collect()
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

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        let committed = self.lock().commit(tx);
        Box::pin(ready(committed))
    }
}
