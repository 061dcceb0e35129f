//! Dead letters.

use std::future::ready;

use crate::BoxFuture;
use crate::memory::MemoryStore;
use crate::port::{DeadLetter, DeadLetters, StoreError};

impl DeadLetters for MemoryStore {
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        self.lock().dead_letters.insert(letter.id.clone(), letter.clone());
        Box::pin(ready(Ok(())))
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        let found = self.lock().dead_letters.get(id).cloned();
        Box::pin(ready(Ok(found)))
    }
}
