//! Replays: events that the journal holds are sent once more, to one handler.
//!
//! Asking for one, each page of the journal that was looked at, and calling it off are commands about one item. A step
//! writes how far it has come in the transaction that puts what it sends into the outbox: whoever dies, an event is sent
//! once, and none is passed over. What comes of a message that was sent so is told by [`Replayed`](crate::Replayed).

mod selection;
mod plan;
mod status;
mod walk;
mod running;
mod error;
mod request;
mod advance;
mod give_up;
mod cancel;
mod rehearse;
mod resend;

use std::fmt;

use crate::command::Origin;
use crate::id::ReplayId;
use crate::port::{Listing, Page};
use crate::reader::ReadError;
use crate::runtime::{ExecuteError, Executed, Runtime};
use crate::stored::{Key, Partition};

pub use error::ReplayError;
pub use rehearse::ReplayRehearsal;
pub use resend::{ResendError, Resent};
pub use selection::{ReplayOrder, Selection};
pub use status::{ReplayCounts, ReplayState, ReplayStatus};

pub(crate) use running::Running;
pub(crate) use walk::ReplayWalk;

use cancel::CancelReplay;
use plan::Plan;
use request::RequestReplay;

/// The most replays of one page of a list.
const MAX_LISTED: usize = 100;

/// Asks for replays, tells how they stand, and goes on with them. Cheap to clone.
///
/// Replays are the system's, not a tenant's: whoever asks must have the right to operate all of it.
#[derive(Clone)]
pub struct Replays {
    runtime: Runtime,
}

impl Replays {
    /// The most messages a minute that a replay sends: what one run of its schedule stages and the relay sends beside all else.
    pub const MOST_PER_MINUTE: u32 = 6_000;
    /// What is meant where nobody says how many.
    pub const PER_MINUTE: u32 = 600;

    /// Those of one table of reactions.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    /// Begins a replay; it is walked when [`resend`](Self::resend) is called next.
    ///
    /// # Errors
    /// [`ReplayError`], a refusal; or it could not be written down.
    pub async fn request(
        &self,
        order: &ReplayOrder,
        origin: &Origin,
    ) -> Result<Executed<ReplayStatus>, ExecuteError<ReplayError>> {
        self.runtime.execute(&RequestReplay { order }, origin).await
    }

    /// Calls a replay off. What it has put into the outbox by then is sent: a minute's messages at most.
    ///
    /// # Errors
    /// [`ReplayError::NotFound`] and [`ReplayError::NotRunning`], refusals; or it could not be written down.
    pub async fn cancel(
        &self,
        id: &str,
        origin: &Origin,
    ) -> Result<Executed<ReplayStatus>, ExecuteError<ReplayError>> {
        self.runtime.execute(&CancelReplay { id }, origin).await
    }

    /// How replays stand, the last one first, a hundred of them at most.
    ///
    /// `after` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ReadError`]: retryable as the store says.
    pub async fn list(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<ReplayStatus>, ReadError> {
        let partition = Partition::of_operators(ReplayWalk::COLLECTION, None);
        let what = partition.as_str().to_owned();
        let limit = limit.clamp(1, MAX_LISTED);
        let listing = Listing { partition, prefix: String::new(), descending: true, limit, after };
        let found = self.runtime.ports().store.list(&listing).await;
        let found = found.map_err(|source| ReadError::Store { what, source })?;
        let read = |item: crate::port::Item| -> Result<ReplayStatus, ReadError> {
            Ok(shape::<ReplayWalk>(&item.key, item.data)?.status)
        };
        let items = found.items.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next: found.next })
    }

    /// How one stands; `None`: there is none of that id.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn find(&self, id: &str) -> Result<Option<ReplayStatus>, ReadError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(self.walk_of(id).await?.map(|walk| walk.status))
    }

    async fn walk_of(&self, id: ReplayId) -> Result<Option<ReplayWalk>, ReadError> {
        self.read(&ReplayWalk::key(id)).await
    }

    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, ReadError> {
        let found = self.runtime.ports().store.get(key).await;
        let found = found.map_err(|source| ReadError::Store { what: key.to_string(), source })?;
        found.map(|item| shape(key, item.data)).transpose()
    }
}

fn shape<T: serde::de::DeserializeOwned>(
    key: &Key,
    data: serde_json::Value,
) -> Result<T, ReadError> {
    serde_json::from_value(data)
        .map_err(|source| ReadError::Shape { what: key.to_string(), source })
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replays").finish_non_exhaustive()
    }
}
