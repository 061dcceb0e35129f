//! A dry run: what a replay would send, counted and not sent.

use serde::{Deserialize, Serialize};

use crate::port::StoreError;
use crate::replay::resend::page;
use crate::replay::walk::Place;
use crate::replay::{Plan, ReplayCounts, ReplayError, ReplayOrder, Replays, Selection};

/// The most pages of the journal that one call reads.
const MAX_PAGES: usize = 10;

/// What a replay would do, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayRehearsal {
    /// Whose queue it would send to.
    pub handler: String,
    /// Which events would be meant.
    pub selection: Selection,
    /// Whether they would be run whatever was done before.
    pub again: bool,
    /// How many events this call has come by; `sent` would be.
    pub counts: ReplayCounts,
    /// Go on with it; `null`: this was the end.
    pub next: Option<String>,
}

impl Replays {
    /// What an order would send if it were given now. Nothing is written; some pages of the journal are read, from `after`,
    /// which is the `next` of the call before.
    ///
    /// # Errors
    /// [`ReplayError`], as of [`request`](Self::request); or the journal could not be read.
    pub async fn rehearse(
        &self,
        order: &ReplayOrder,
        after: Option<String>,
    ) -> Result<ReplayRehearsal, ReplayError> {
        let (reactions, now) = (self.runtime.reactions(), self.runtime.now());
        let plan = Plan::of(order, reactions, now)?;
        let mut counts = ReplayCounts::default();
        let mut next = after;
        for _ in 0..MAX_PAGES {
            let read = |source| ReplayError::Read { source };
            let at = place(&plan.selection, next.take()).map_err(read)?;
            let journal = &*self.runtime.ports().journal;
            let found = page(journal, &plan.selection, &at).await.map_err(read)?;
            for record in &found.items {
                counts.add(plan.fate(record, reactions, now));
            }
            let last = found.items.last().map(|record| (record.stream_key(), record.version()));
            next = match plan.selection.stream {
                Some(_) => found.next.and(last).map(|last| serde_json::json!(last).to_string()),
                None => found.next,
            };
            if next.is_none() {
                break;
            }
        }
        let Plan { handler, selection, again } = plan;
        Ok(ReplayRehearsal { handler, selection, again, counts, next })
    }
}

/// Of one stream, a place is the event that was the last: `["demo#orders/0192…",7]`.
fn place(selection: &Selection, after: Option<String>) -> Result<Place, StoreError> {
    if selection.stream.is_none() {
        return Ok(Place { page: after, behind: None });
    }
    let behind = after.map(|after| serde_json::from_str(&after)).transpose();
    let behind = behind.map_err(|error| StoreError::Refused {
        operation: "go on with a dry run",
        source: Box::new(error),
    })?;
    Ok(Place { page: None, behind })
}
