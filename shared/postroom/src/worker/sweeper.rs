//! The sweeper: removes what is left of builds that are neither read nor made any more.

use jiff::Timestamp;
use tracing::info;

use crate::clock::between;
use crate::port::BuildRows;
use crate::projection::{AnyProjection, Position};
use crate::rebuild::{Builds, SweepBuilds};
use crate::stored::{Key, Stored};
use crate::worker::projector::{BuildsError, Projector};
use crate::worker::walker::WalkError;

/// What a run of the sweep came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many rows it has removed.
    pub rows: u64,
}

impl Projector {
    /// Removes what is left of earlier builds, until nothing is or a second before the `deadline`.
    ///
    /// Nothing is removed before 20 minutes after a build was over: by then whoever has read it, or has applied an event to
    /// it, has ended. Whatever interrupts it, the next goes on behind the last page that was removed whole.
    ///
    /// # Errors
    /// [`WalkError`], of the first that failed: what was removed is, all others have gone on, and so does the next run.
    pub async fn sweep(
        &self,
        rows: &dyn BuildRows,
        deadline: Option<Timestamp>,
    ) -> Result<Swept, WalkError> {
        let stop = self.stop_before(deadline);
        let (mut swept, mut failed) = (Swept::default(), None);
        for projection in self.projections.iter() {
            match self.sweep_projection(projection, rows, stop).await {
                Ok(removed) => swept.rows += removed,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(swept), Err)
    }

    /// Removes page by page, and answers how many rows.
    async fn sweep_projection(
        &self,
        projection: &dyn AnyProjection,
        rows: &dyn BuildRows,
        stop: Timestamp,
    ) -> Result<u64, WalkError> {
        let name = projection.name();
        let failed = |source| WalkError::Rows { projection: name, source };
        let builds = Builds::of(&*self.worker.runtime.ports().store, name).await;
        let mut builds = builds.map_err(|source| WalkError::Builds {
            source: BuildsError::Read { projection: name, source },
        })?;
        let mut removed = 0;
        while !between(self.now(), stop).is_zero() {
            // Asked for each page: a build that is over since may be used still.
            let Some(of) = builds.removable(self.now()) else { break };
            let page = rows.keys(of.after.as_deref()).await.map_err(failed)?;
            let is_over = |key: &Key| is_over(key, projection, &builds);
            let over: Vec<_> = page.items.into_iter().filter(is_over).collect();
            rows.remove(&over).await.map_err(failed)?;
            removed += u64::try_from(over.len()).unwrap_or(u64::MAX);
            let next = page.next.as_deref();
            let command = SweepBuilds { projection: name, of, next };
            builds = self.step(&command, name, &of.asked_by).await?;
        }
        if removed > 0 {
            info!(handler = name, removed, "removed rows of earlier builds");
        }
        Ok(removed)
    }
}

/// Whether a row belongs to a build of this projection that is over. What cannot be told is left where it is.
fn is_over(key: &Key, projection: &dyn AnyProjection, builds: &Builds) -> bool {
    let Some((collection, generation, parent)) = key.partition.of_build() else { return false };
    let is_position =
        collection == Position::COLLECTION && parent.as_deref() == Some(projection.name());
    let is_made = projection.makes().contains(&&*collection);
    (is_position || is_made) && builds.is_over(generation)
}
