//! Finding the rows of old builds, and removing them.

use std::future::ready;
use std::ops::Bound;

use crate::BoxFuture;
use crate::memory::MemoryStore;
use crate::memory::state::{PAGE, page};
use crate::memory::store::{key_at, position};
use crate::port::{BuildRows, Page, StoreError};
use crate::stored::Key;

impl BuildRows for MemoryStore {
    fn keys<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Page<Key>, StoreError>> {
        let behind = match after.and_then(key_at) {
            Some(key) => Bound::Excluded(key),
            None => Bound::Unbounded,
        };
        let state = self.lock();
        let keys = state.items.range((behind, Bound::Unbounded)).map(|(key, _)| key);
        let page = page(keys.map(|key| (position(key), key.clone())), PAGE);
        Box::pin(ready(Ok(page)))
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut state = self.lock();
        for key in keys {
            state.items.remove(key);
        }
        Box::pin(ready(Ok(())))
    }
}
