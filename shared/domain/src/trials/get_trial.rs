//! A user's trial: `GET /users/{id}/trial`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::id::UserId;
use crate::trials::Trial;

/// Why a trial is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetTrialError {
    /// The tenant has no such user, or one that never was on trial.
    #[error("user {user_id} has no trial")]
    NotFound { user_id: UserId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show the trial of user {user_id}")]
    Read {
        user_id: UserId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetTrialError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetTrialError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "trial-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The trial as of now, also one that is over.
///
/// # Errors
/// See [`GetTrialError`].
pub async fn get_trial(reader: &Reader, user_id: UserId) -> Result<Trial, GetTrialError> {
    let found = reader.get(&Trial::at(user_id)).await;
    let found = found.map_err(|source| GetTrialError::Read { user_id, source })?;
    found.map(|found| found.value).ok_or(GetTrialError::NotFound { user_id })
}
