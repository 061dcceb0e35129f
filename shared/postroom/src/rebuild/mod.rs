//! Rebuilding a read model: the next build of it is made beside the one that is read, and takes its place at once.
//!
//! Asking for it, each page of the journal that was applied to it, and taking the place are commands about one item, which
//! says which builds there are. [`Projector::walk`](crate::Projector::walk) makes it; the projector applies what happens
//! meanwhile to both. [`Projector::sweep`](crate::Projector::sweep) removes what was read before.

mod builds;
mod remains;
mod adopt;
mod advance;
mod give_up;
mod hold_up;
mod sweep;
mod request;
mod status;

use std::fmt;

use crate::command::Origin;
use crate::reader::ReadError;
use crate::runtime::{ExecuteError, Executed, Runtime};

pub(crate) use adopt::AdoptBuild;
pub(crate) use advance::AdvanceWalk;
pub use builds::BuildState;
pub(crate) use builds::{Advanced, AskedBy, Building, Builds, Step};
pub(crate) use give_up::GiveUpWalk;
pub(crate) use hold_up::HoldUpBuild;
pub(crate) use remains::Remains;
pub use request::RebuildError;
pub use status::{BuildStatus, ProjectionStatus};
pub(crate) use sweep::SweepBuilds;

use request::RebuildProjection;

/// How the builds of projections stand, and asking for another. Cheap to clone.
///
/// Builds are the system's, not a tenant's: whoever asks must have the right to operate all of it.
#[derive(Clone)]
pub struct Rebuilds {
    runtime: Runtime,
    names: Vec<&'static str>,
}

impl Rebuilds {
    /// Those of the projections of these names.
    pub fn new(runtime: Runtime, names: impl IntoIterator<Item = &'static str>) -> Self {
        Self { runtime, names: names.into_iter().collect() }
    }

    /// How each projection stands, as of now.
    ///
    /// # Errors
    /// [`ReadError`]: retryable as the store says.
    pub async fn list(&self) -> Result<Vec<ProjectionStatus>, ReadError> {
        let mut found = Vec::with_capacity(self.names.len());
        for name in &self.names {
            found.push(self.status(name).await?);
        }
        Ok(found)
    }

    /// How one stands; `None`: there is none of that name.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn find(&self, name: &str) -> Result<Option<ProjectionStatus>, ReadError> {
        match self.named(name) {
            Some(name) => self.status(name).await.map(Some),
            None => Ok(None),
        }
    }

    /// Asks for another build. While one is being made it is the one; where it is held up, its walk begins anew.
    ///
    /// # Errors
    /// [`RebuildError::NotFound`], a refusal; or it could not be written down.
    pub async fn request(
        &self,
        name: &str,
        origin: &Origin,
    ) -> Result<Executed<ProjectionStatus>, ExecuteError<RebuildError>> {
        let command = RebuildProjection { projection: self.named(name), asked: name };
        self.runtime.execute(&command, origin).await
    }

    async fn status(&self, name: &'static str) -> Result<ProjectionStatus, ReadError> {
        let builds = Builds::of(&*self.runtime.ports().store, name).await?;
        Ok(ProjectionStatus::of(name, builds))
    }

    fn named(&self, name: &str) -> Option<&'static str> {
        self.names.iter().copied().find(|known| *known == name)
    }
}

impl fmt::Debug for Rebuilds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuilds").field("names", &self.names).finish_non_exhaustive()
    }
}
