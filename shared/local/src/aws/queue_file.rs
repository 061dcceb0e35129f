//! `DIR/queues.json`: the messages of a system that was stopped, for the one that is started next.
//!
//! Written when the endpoint stops in order; a system that was killed starts with the messages of
//! the stop before, so that a message may come twice but what was kept is not lost.

use std::io;
use std::path::{Path, PathBuf};

use crate::sqs::Sqs;

/// Why kept messages could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Format(#[from] serde_json::Error),
}

/// The file in a directory.
#[derive(Debug, Clone)]
pub(super) struct QueueFile {
    path: PathBuf,
}

impl QueueFile {
    pub(super) fn new(directory: &Path) -> Self {
        Self { path: directory.join("queues.json") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the messages of the file to the queues; a directory without the file is a new one.
    pub(super) fn restore(&self, sqs: &Sqs) -> Result<(), ReadError> {
        match std::fs::read(&self.path) {
            Ok(text) => sqs.restore(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Replaces the file as a whole: a crash in the middle leaves the old one.
    pub(super) fn save(&self, sqs: &Sqs) -> io::Result<()> {
        let unfinished = self.path.with_extension("json.new");
        std::fs::write(&unfinished, serde_json::to_vec(&sqs.kept())?)?;
        std::fs::rename(&unfinished, &self.path)
    }
}
