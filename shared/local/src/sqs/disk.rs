//! What a directory keeps of the queues, so that a system that is killed loses no message that was accepted.
//!
//! `queues.json` holds every message as [`kept`](super::kept) shows; `queues.log` what came and went since, a line each:
//!
//! ```json
//! {"queue":"jobs","came":{"id":"0192…","body":"…"}}
//! {"queue":"jobs","gone":"0192…"}
//! ```
//!
//! A line is written before its operation is answered. A kill can leave the last one unfinished: it belongs to an operation
//! that nobody was answered. Lines are not forced onto the disk, so a machine that loses its power may lose the last. How
//! often a message was received is written when the system stops in order; after a kill it counts from there.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entries::Change;
use super::kept::Kept;
use super::message::Message;

/// A longer log is replaced by the messages there are.
const LOG_BYTES: u64 = 64 * 1_024 * 1_024;

/// Why kept messages could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    #[error("cannot read or write {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is damaged", path.display())]
    Format {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
}

/// One line of the log.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    queue: String,
    #[serde(flatten)]
    change: Change,
}

/// The files of a directory, open.
#[derive(Debug)]
pub(super) struct Disk {
    all: PathBuf,
    log: File,
    /// Bytes of the log.
    written: u64,
}

impl Disk {
    /// Reads what a directory keeps, and goes on from there. One without the files is a new one.
    pub(super) fn open(directory: &Path) -> Result<(Self, Kept), DiskError> {
        let (all, log) = (directory.join("queues.json"), directory.join("queues.log"));
        let mut kept: Kept = match read(&all)? {
            Some(text) => serde_json::from_slice(&text)
                .map_err(|source| DiskError::Format { path: all.clone(), source })?,
            None => Kept::new(),
        };
        if let Some(text) = read(&log)? {
            kept = replayed(kept, &text)
                .map_err(|source| DiskError::Format { path: log.clone(), source })?;
        }
        let opened = OpenOptions::new().create(true).append(true).open(&log);
        let log = opened.map_err(|source| DiskError::Io { path: log, source })?;
        let mut disk = Self { all, log, written: 0 };
        // So that no log grows over many runs, nor goes on behind an unfinished line.
        disk.save(&kept).map_err(|source| DiskError::Io { path: disk.all.clone(), source })?;
        Ok((disk, kept))
    }

    /// Writes down what changed.
    pub(super) fn append(&mut self, changes: Vec<(String, Change)>) -> io::Result<()> {
        let mut lines = Vec::new();
        for (queue, change) in changes {
            serde_json::to_writer(&mut lines, &Line { queue, change })?;
            lines.push(b'\n');
        }
        self.log.write_all(&lines)?;
        self.written += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Whether the log is so long that all messages should be [saved](Self::save).
    pub(super) fn is_long(&self) -> bool {
        self.written > LOG_BYTES
    }

    /// Replaces what is kept by all messages there are. A crash in the middle leaves the old ones and a log that leads to
    /// the new ones, or the new ones and a log that changes nothing any more.
    pub(super) fn save(&mut self, kept: &Kept) -> io::Result<()> {
        let unfinished = self.all.with_extension("json.new");
        std::fs::write(&unfinished, serde_json::to_vec(kept)?)?;
        std::fs::rename(&unfinished, &self.all)?;
        self.log.set_len(0)?;
        self.written = 0;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DiskError::Io { path: path.to_owned(), source }),
    }
}

/// What is kept after a log. Lines whose change is there already, as after a crash while saving, change nothing.
fn replayed(kept: Kept, log: &[u8]) -> Result<Kept, serde_json::Error> {
    let mut queues: BTreeMap<String, Messages> = BTreeMap::new();
    for (queue, messages) in kept {
        let known = queues.entry(queue).or_default();
        for message in messages {
            known.add(message);
        }
    }
    // What follows the last line feed was never finished.
    let finished = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    for line in log[..finished].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Line { queue, change } = serde_json::from_slice(line)?;
        let messages = queues.entry(queue).or_default();
        match change {
            Change::Came(message) => messages.add(*message),
            Change::Gone(id) => messages.remove(id),
        }
    }
    let left = queues.into_iter().map(|(queue, messages)| (queue, messages.left()));
    Ok(left.filter(|(_, messages)| !messages.is_empty()).collect())
}

/// The messages of one queue, in the order in which they came.
#[derive(Debug, Default)]
struct Messages {
    in_order: Vec<Option<Message>>,
    places: HashMap<Uuid, usize>,
}

impl Messages {
    fn add(&mut self, message: Message) {
        self.places.entry(message.id).or_insert_with(|| {
            self.in_order.push(Some(message));
            self.in_order.len() - 1
        });
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(place) = self.places.remove(&id) {
            self.in_order[place] = None;
        }
    }

    fn left(self) -> Vec<Message> {
        self.in_order.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sqs::{Draft, Sqs};

    fn opened(directory: &Path) -> Sqs {
        let sqs = Sqs::new();
        sqs.keep_in(directory).expect("readable");
        sqs.create_queue("jobs", &BTreeMap::new()).expect("created");
        sqs
    }

    fn send(sqs: &Sqs, body: &str) {
        let draft = Draft { body: body.to_owned(), ..Draft::default() };
        let id = Uuid::now_v7();
        sqs.change(|queues, now| queues.get_mut("jobs")?.send(draft, id, now)).expect("sent");
    }

    async fn bodies(sqs: &Sqs) -> Vec<String> {
        let received = sqs.receive("jobs", 10, Duration::ZERO).await.expect("received");
        received.into_iter().map(|message| message.body).collect()
    }

    #[tokio::test]
    async fn whoever_is_killed_has_lost_nothing_that_came_and_nothing_that_went_is_back() {
        let directory = tempfile::tempdir().expect("directory");
        let killed = opened(directory.path());
        for body in ["a", "b", "c"] {
            send(&killed, body);
        }
        let received = killed.receive("jobs", 2, Duration::ZERO).await.expect("received");
        killed.delete("jobs", &received[0].receipt_handle).expect("deleted");
        // Nothing says goodbye.
        std::mem::forget(killed);

        let next = opened(directory.path());

        assert_eq!(bodies(&next).await, ["b", "c"]);
    }

    #[tokio::test]
    async fn a_line_that_a_kill_left_unfinished_counts_for_nothing() {
        let directory = tempfile::tempdir().expect("directory");
        let killed = opened(directory.path());
        send(&killed, "a");
        let log = directory.path().join("queues.log");
        let mut text = std::fs::read(&log).expect("log");
        let whole = text.len();
        text.extend_from_within(..whole / 2);
        std::fs::write(&log, &text).expect("written");

        let next = opened(directory.path());
        send(&next, "b");
        let after = opened(directory.path());

        assert_eq!(bodies(&next).await, ["a", "b"]);
        assert_eq!(bodies(&after).await, ["a", "b"]);
    }

    #[tokio::test]
    async fn a_log_that_was_saved_already_changes_nothing() {
        let directory = tempfile::tempdir().expect("directory");
        let sqs = opened(directory.path());
        send(&sqs, "a");
        send(&sqs, "b");
        let received = sqs.receive("jobs", 1, Duration::ZERO).await.expect("received");
        sqs.delete("jobs", &received[0].receipt_handle).expect("deleted");
        let log = std::fs::read(directory.path().join("queues.log")).expect("log");

        sqs.save();
        std::fs::write(directory.path().join("queues.log"), log).expect("written");

        assert_eq!(bodies(&opened(directory.path())).await, ["b"]);
    }

    #[test]
    fn a_line_in_the_middle_that_cannot_be_read_stops_the_start() {
        let directory = tempfile::tempdir().expect("directory");
        std::fs::write(directory.path().join("queues.log"), "{\n{}\n").expect("written");

        let refused = Sqs::new().keep_in(directory.path());

        assert!(matches!(refused, Err(DiskError::Format { .. })));
    }
}
