//! `rebuild-projection`: somebody asks for another build.

use crate::command::Command;
use crate::office::Audited;
use crate::rebuild::ProjectionStatus;
use crate::tx::{Tx, TxError};
use crate::verdict::{Classify, Refusal, RefusalKind, Refuse, Verdict};

/// Why no build was begun.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such projection. A refusal.
    #[error("there is no projection {name}")]
    NotFound { name: String },
    /// It could not be staged.
    #[error("the rebuild of {name} could not be written down")]
    Stage {
        name: &'static str,
        #[source]
        source: TxError,
    },
}

impl Classify for RebuildError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Stage { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for RebuildError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "projection-not-found", kind: RefusalKind::NotFound })
            }
            Self::Stage { .. } => None,
        }
    }
}

pub(super) struct RebuildProjection<'a> {
    /// The one that is meant, if there is one.
    pub(super) projection: Option<&'static str>,
    pub(super) asked: &'a str,
}

impl Command for RebuildProjection<'_> {
    const NAME: &'static str = "rebuild-projection";
    type Output = ProjectionStatus;
    type Error = RebuildError;

    async fn handle(&self, tx: &mut Tx) -> Result<ProjectionStatus, RebuildError> {
        let not_found = || RebuildError::NotFound { name: self.asked.to_owned() };
        let name = self.projection.ok_or_else(not_found)?;
        let stage = |source| RebuildError::Stage { name, source };
        let mut builds = tx.load_builds(name).await.map_err(stage)?;
        let (origin, at) = (tx.origin().clone(), tx.now());
        builds.ask(&origin, at);
        tx.save_builds(name, &builds).map_err(stage)?;
        tx.audit(&Audited::of(tx, Self::NAME, name)).map_err(stage)?;
        Ok(ProjectionStatus::of(name, builds))
    }
}
