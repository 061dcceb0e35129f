//! Dead letters.

use std::future::ready;

use crate::BoxFuture;
use crate::id::{CorrelationId, TenantId};
use crate::memory::MemoryStore;
use crate::memory::state::{PAGE, State, page};
use crate::port::{
    DeadLetter, DeadLetters, LetterFile, LetterHead, LetterStatus, Page, StoreError,
};

impl DeadLetters for MemoryStore {
    fn prepare<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut state = self.lock();
        let earlier = state.dead_letters.get(&letter.id);
        let undecided = earlier.is_none_or(|earlier| earlier.status == LetterStatus::Open);
        if undecided {
            state.park(letter);
        }
        Box::pin(ready(Ok(undecided)))
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        let found = self.lock().dead_letters.get(id).cloned();
        Box::pin(ready(Ok(found)))
    }
}

impl LetterFile for MemoryStore {
    fn open<'a>(
        &'a self,
        shard: u8,
        before: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        let state = self.lock();
        let open = state.dead_letters.values().filter(|letter| {
            letter.status == LetterStatus::Open
                && letter.shard() == shard
                && before.is_none_or(|before| letter.position().as_str() < before)
        });
        let mut rows: Vec<_> = open.map(|letter| (letter.position(), letter.head())).collect();
        rows.sort_by(|(left, _), (right, _)| right.cmp(left));
        Box::pin(ready(Ok(page(rows.into_iter(), PAGE))))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        let state = self.lock();
        let of_chain = state.dead_letters.values().filter(|letter| {
            let envelope = letter.envelope.as_ref();
            envelope.is_some_and(|envelope| {
                envelope.tenant_id == *tenant && envelope.correlation_id == *correlation_id
            }) && after.is_none_or(|after| letter.position().as_str() > after)
        });
        let mut rows: Vec<_> = of_chain.map(|letter| (letter.position(), letter.head())).collect();
        rows.sort_by(|(left, _), (right, _)| left.cmp(right));
        Box::pin(ready(Ok(page(rows.into_iter(), PAGE))))
    }
}

impl State {
    /// Keeps a letter, open; its redrives stay counted.
    pub(super) fn park(&mut self, letter: &DeadLetter) {
        let redrives = self.dead_letters.get(&letter.id).map_or(0, |earlier| earlier.redrives);
        let kept =
            DeadLetter { status: LetterStatus::Open, redrives, edited_as: None, ..letter.clone() };
        self.dead_letters.insert(letter.id.clone(), kept);
    }
}
