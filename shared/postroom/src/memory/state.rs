//! What the memory store keeps, behind one lock: that is what makes its transactions atomic.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

#[cfg(feature = "simulation")]
use crate::id::ClientToken;
use crate::id::{MessageId, OwnerToken};
use crate::port::{Breaker, DeadLetter, InboxRecord, Item, JournalRecord, OutboxRow, Page, RunKey};
use crate::stored::Key;
use crate::transaction::{ItemWrite, Transaction};
use crate::worker::{StreamRecord, WakeUp};

/// Rows of one page where the caller names no limit.
pub(super) const PAGE: usize = 50;

/// State, journal, inbox, outbox and dead letters in memory. Clones share what they hold.
///
/// ```
/// use std::sync::Arc;
/// use postroom::memory::MemoryStore;
/// use postroom::port::{Inbox, Store};
///
/// let memory = MemoryStore::default();
/// let store: Arc<dyn Store> = Arc::new(memory.clone());
/// let inbox: Arc<dyn Inbox> = Arc::new(memory);
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) items: BTreeMap<Key, Item>,
    /// By stream key and version.
    pub(super) events: BTreeMap<(String, u64), JournalRecord>,
    pub(super) inbox: BTreeMap<RunKey, Entry>,
    /// By shard and position.
    pub(super) outbox: BTreeMap<(u8, String), OutboxRow>,
    pub(super) dead_letters: BTreeMap<String, DeadLetter>,
    /// By provider.
    pub(super) breakers: BTreeMap<String, Breaker>,
    /// By provider: the end of the slots that are taken.
    pub(super) taken_until: BTreeMap<String, Timestamp>,
    /// What was committed, by client token.
    pub(super) committed: BTreeMap<Uuid, Transaction>,
    /// How many events were ever appended.
    #[cfg(feature = "simulation")]
    pub(super) appends: usize,
}

/// An inbox record with what only the store knows of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) record: InboxRecord,
    /// Who holds the lease, while running.
    pub(super) owner: Option<OwnerToken>,
    /// Whether it took the lease over from one that had run out.
    pub(super) unknown: bool,
    /// While parked: the message that was sent in the place of its own.
    pub(super) instead: Option<MessageId>,
}

impl MemoryStore {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is changed before everything was checked, so a panic elsewhere leaves no half-written state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The item at a key.
    pub(crate) fn item(&self, key: &Key) -> Option<Item> {
        self.lock().items.get(key).cloned()
    }

    /// Writes an item by itself, whatever is there. Answers whether nothing was.
    pub(crate) fn put(&self, write: &ItemWrite) -> bool {
        let mut state = self.lock();
        let is_new = !state.items.contains_key(write.key());
        state.write(write);
        is_new
    }

    /// Forgets an item. Answers whether it was there.
    pub(crate) fn forget_item(&self, key: &Key) -> bool {
        self.lock().items.remove(key).is_some()
    }

    /// When the first message of the outbox is due.
    #[cfg(feature = "simulation")]
    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.lock().outbox.values().map(|row| row.due).min()
    }

    /// The dead letters that nobody has decided about.
    #[cfg(feature = "simulation")]
    pub(crate) fn with_open_letters<T>(
        &self,
        look: impl FnOnce(&mut dyn Iterator<Item = &DeadLetter>) -> T,
    ) -> T {
        let state = self.lock();
        let is_open = |letter: &&DeadLetter| letter.status == crate::port::LetterStatus::Open;
        look(&mut state.dead_letters.values().filter(is_open))
    }

    /// Who holds the lease of a run, expired or not.
    #[cfg(feature = "simulation")]
    pub(crate) fn owner(&self, key: &RunKey) -> Option<OwnerToken> {
        let state = self.lock();
        let entry = state.inbox.get(key)?;
        entry.owner.filter(|owner| entry.held_by(*owner))
    }

    /// The record of a run, expired or not.
    #[cfg(feature = "simulation")]
    pub(crate) fn record(&self, key: &RunKey) -> Option<InboxRecord> {
        self.lock().inbox.get(key).map(|entry| entry.record.clone())
    }

    /// What the first tenant has done under the idempotency key of a run, whosever that is.
    #[cfg(feature = "simulation")]
    pub(crate) fn record_of_anybody(&self, key: &RunKey) -> Option<InboxRecord> {
        let name = |key: &RunKey| {
            let of_tenant = key.as_str().strip_prefix("idempotency#")?;
            of_tenant.split_once('#').map(|(_, name)| name.to_owned())
        };
        let asked = name(key)?;
        let state = self.lock();
        let mut records = state.inbox.values().map(|entry| &entry.record);
        records.find(|record| name(&record.run.key).as_ref() == Some(&asked)).cloned()
    }

    /// Forgets that a transaction was committed, as no store should.
    #[cfg(feature = "simulation")]
    pub(crate) fn forget_token(&self, token: ClientToken) {
        self.lock().committed.remove(&token.uuid());
    }

    /// Loses the record of a run, as no store should.
    #[cfg(feature = "simulation")]
    pub(crate) fn forget(&self, key: &RunKey) {
        self.lock().inbox.remove(key);
    }

    /// Commits a transaction over whatever events are in its way, as no store should.
    #[cfg(feature = "simulation")]
    pub(crate) fn commit_over(&self, tx: &Transaction) -> Result<(), crate::port::CommitError> {
        let mut state = self.lock();
        let keys = tx.events.iter().map(|event| (event.stream_key(), event.version()));
        let in_the_way: Vec<_> = keys.filter_map(|key| state.events.remove_entry(&key)).collect();
        let committed = state.commit(&Transaction { ends: Vec::new(), ..tx.clone() });
        for (key, event) in in_the_way {
            state.events.entry(key).or_insert(event);
        }
        committed
    }

    /// The event of a stream, by its key, with a version.
    #[cfg(feature = "simulation")]
    pub(crate) fn event(&self, stream: String, version: u64) -> Option<JournalRecord> {
        self.lock().events.get(&(stream, version)).cloned()
    }

    /// Looks at every event, stream by stream, and at how many were ever appended.
    #[cfg(feature = "simulation")]
    pub(crate) fn with_journal<T>(
        &self,
        look: impl FnOnce(&mut dyn Iterator<Item = &JournalRecord>, usize) -> T,
    ) -> T {
        let state = self.lock();
        look(&mut state.events.values(), state.appends)
    }

    /// Every message that waits in the outbox, shard by shard.
    pub fn outbox_rows(&self) -> Vec<OutboxRow> {
        self.lock().outbox.values().cloned().collect()
    }

    /// Every event, stream by stream.
    pub fn journal_records(&self) -> Vec<JournalRecord> {
        self.lock().events.values().cloned().collect()
    }

    /// What the journal's stream tells of every event, stream by stream.
    pub fn told(&self) -> Vec<StreamRecord> {
        let told = |record: JournalRecord| StreamRecord {
            sequence_number: record.position(),
            body: String::new(),
            wake_up: WakeUp::of_key(&record.stream_key(), &record.version().to_string()),
        };
        self.journal_records().into_iter().map(told).collect()
    }

    /// Every item, partition by partition.
    pub fn items(&self) -> Vec<Item> {
        self.lock().items.values().cloned().collect()
    }

    /// Loses items, as a table does that is restored from a backup.
    pub fn lose(&self, lost: impl Fn(&Key) -> bool) {
        self.lock().items.retain(|_, item| !lost(&item.key));
    }

    /// Changes items, as somebody does who writes to a table by hand.
    pub fn tamper(&self, change: impl FnMut(&mut Item)) {
        self.lock().items.values_mut().for_each(change);
    }

    /// Every dead letter, by id.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead_letters.values().cloned().collect()
    }
}

/// The first `limit` rows, and where to go on if there are more.
pub(super) fn page<T>(rows: impl Iterator<Item = (String, T)>, limit: usize) -> Page<T> {
    let mut rows = rows.peekable();
    let mut items = Vec::new();
    let mut last = None;
    for (position, item) in rows.by_ref().take(limit) {
        items.push(item);
        last = Some(position);
    }
    Page { items, next: last.filter(|_| rows.peek().is_some()) }
}
