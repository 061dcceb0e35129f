//! Which replays there are to go on with: one item, so that a rule over all of them is a rule over one version.
//!
//! It lies in the state table, at `#running-replays` and `all`: `{"replays":[{"id":"0192…","handler":"charge-card"}]}`.

use serde::{Deserialize, Serialize};

use crate::id::ReplayId;
use crate::replay::{ReplayError, ReplayStatus};
use crate::stored::{Key, Partition, StreamId};

/// The most that run at one time.
const MAX_RUNNING: usize = 10;

/// Those that are running, each to another handler: what a handler is sent in a minute is what one replay says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(super) replays: Vec<RunningReplay>,
}

/// One that is running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunningReplay {
    pub(super) id: ReplayId,
    handler: String,
}

impl Running {
    const COLLECTION: &'static str = "running-replays";

    pub(crate) fn key() -> Key {
        let partition = Partition::of_operators(Self::COLLECTION, None);
        Key { partition, id: "all".to_owned() }
    }

    pub(crate) fn stream() -> StreamId {
        StreamId::of(Self::COLLECTION, None, "all")
    }

    /// One more.
    ///
    /// # Errors
    /// Its handler is being replayed to, or there are as many as may be.
    pub(super) fn begin(&mut self, status: &ReplayStatus) -> Result<(), ReplayError> {
        let handler = status.handler.clone();
        if let Some(other) = self.replays.iter().find(|other| other.handler == handler) {
            return Err(ReplayError::AlreadyRunning { handler, id: other.id });
        }
        if self.replays.len() >= MAX_RUNNING {
            return Err(ReplayError::TooMany { most: MAX_RUNNING });
        }
        self.replays.push(RunningReplay { id: status.id, handler });
        Ok(())
    }

    pub(crate) fn end(&mut self, id: ReplayId) {
        self.replays.retain(|replay| replay.id != id);
    }
}
