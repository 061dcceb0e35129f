//! The items of a transaction while it is being staged: what was read, what will be written, by whom.

use serde_json::Value;

use crate::live::LiveShard;
use crate::port::Item;
use crate::stored::{Key, StreamId};
use crate::transaction::{Guard, ItemWrite};
use crate::tx::{Turn, TxError};

/// Every item read under guard or written: at most as many as a transaction holds, mostly one or two.
#[derive(Debug, Default)]
pub(super) struct Items(Vec<Staged>);

/// What a reader finds staged; `None`: that there is no such thing.
pub(super) struct Seen(pub(super) Option<Value>);

/// What is saved, with its type erased.
pub(super) struct Entity {
    pub(super) key: Key,
    pub(super) stream: StreamId,
    pub(super) live: Option<LiveShard>,
    pub(super) data: Value,
}

#[derive(Debug)]
struct Staged {
    key: Key,
    /// `None`: a view, which has no events.
    stream: Option<StreamId>,
    /// `None`: a view, which is written whatever was there.
    guard: Option<Guard>,
    head: u64,
    live: Option<LiveShard>,
    data: Option<Value>,
    /// `None`: only read, so only checked at commit.
    writer: Option<Turn>,
    /// Who has seen what is staged now and may therefore write over it.
    readers: Vec<Turn>,
}

impl Items {
    /// What is staged at a key, as `reader` now knows it; `None`: nothing is.
    pub(super) fn read(&mut self, key: &Key, reader: Turn) -> Option<Seen> {
        let staged = self.at(key)?;
        staged.readers.push(reader);
        Some(Seen(staged.data.clone()))
    }

    /// Whether something is staged at a key, for whoever does not look at it.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.0.iter().any(|staged| staged.key == *key)
    }

    /// Keeps what was read from the store: from now on it must not change before the commit.
    pub(super) fn guard(&mut self, key: Key, stream: StreamId, found: Option<&Item>, reader: Turn) {
        self.0.push(Staged {
            key,
            stream: Some(stream),
            guard: Some(found.map_or(Guard::Absent, |item| Guard::Version(item.version))),
            head: found.map_or(0, |item| item.head),
            live: found.and_then(|item| item.live.clone()),
            data: found.map(|item| item.data.clone()),
            writer: None,
            readers: vec![reader],
        });
    }

    /// Stages a guarded write. Answers the version the item will have.
    pub(super) fn save(&mut self, entity: Entity, writer: Turn) -> Result<u64, TxError> {
        let Entity { key, stream, live, data } = entity;
        if let Some(staged) = self.at(&key) {
            let Some(guard) = staged.guard else {
                return Err(written_twice(&key, staged.writer.unwrap_or(writer), writer));
            };
            staged.write(data, writer)?;
            staged.live = live;
            return Ok(guard.next_version());
        }
        // Never read: it is new, and the commit fails if it is not.
        let guard = Guard::Absent;
        self.0.push(Staged {
            key,
            stream: Some(stream),
            guard: Some(guard),
            head: 0,
            live,
            data: Some(data),
            writer: Some(writer),
            readers: Vec::new(),
        });
        Ok(guard.next_version())
    }

    /// Stages a write that wins over whatever is stored.
    pub(super) fn put_view(&mut self, key: Key, data: Value, writer: Turn) -> Result<(), TxError> {
        if let Some(staged) = self.at(&key) {
            if staged.guard.is_some() {
                let first = staged.writer.or(staged.readers.first().copied()).unwrap_or(writer);
                let (first, second) = (first.handler, writer.handler);
                return Err(TxError::ViewOfGuarded { key: key.to_string(), first, second });
            }
            return staged.write(data, writer);
        }
        self.0.push(Staged {
            key,
            stream: None,
            guard: None,
            head: 0,
            live: None,
            data: Some(data),
            writer: Some(writer),
            readers: Vec::new(),
        });
        Ok(())
    }

    /// The next version of a stream whose thing is staged, and how many bytes more that writes: the thing is then
    /// written, if only for its new head.
    pub(super) fn append(&mut self, stream: &StreamId, writer: Turn) -> Option<(u64, usize)> {
        let staged = self.0.iter_mut().find(|staged| staged.stream.as_ref() == Some(stream))?;
        // A stream of something that does not exist would have no head to guard it.
        let data = staged.data.as_ref()?;
        let bytes = if staged.writer.is_none() { data.to_string().len() } else { 0 };
        staged.head += 1;
        staged.writer.get_or_insert(writer);
        Some((staged.head, bytes))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn written_by(&self, writer: Turn) -> usize {
        self.0.iter().filter(|staged| staged.writer == Some(writer)).count()
    }

    /// In the order of their keys.
    pub(super) fn into_writes(mut self) -> Vec<ItemWrite> {
        self.0.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        self.0.into_iter().map(Staged::into_write).collect()
    }

    fn at(&mut self, key: &Key) -> Option<&mut Staged> {
        self.0.iter_mut().find(|staged| staged.key == *key)
    }
}

impl Staged {
    fn write(&mut self, data: Value, writer: Turn) -> Result<(), TxError> {
        match self.writer {
            Some(first) if first != writer && !self.readers.contains(&writer) => {
                Err(written_twice(&self.key, first, writer))
            }
            _ => {
                self.data = Some(data);
                self.writer = Some(writer);
                // What the others read is no longer what is staged.
                self.readers.retain(|reader| *reader == writer);
                Ok(())
            }
        }
    }

    fn into_write(self) -> ItemWrite {
        let key = self.key;
        match (self.guard, self.writer, self.data) {
            (None, _, data) => ItemWrite::PutView { key, data: data.unwrap_or_default() },
            (Some(guard), Some(_), Some(data)) => {
                ItemWrite::Save { key, guard, head: self.head, live: self.live, data }
            }
            (Some(guard), _, _) => ItemWrite::Check { key, guard },
        }
    }
}

fn written_twice(key: &Key, first: Turn, second: Turn) -> TxError {
    let (first, second) = (first.handler, second.handler);
    TxError::WrittenTwice { key: key.to_string(), first, second }
}
