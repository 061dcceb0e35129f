//! One user: `GET /users/{id}`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::id::UserId;
use crate::users::User;

/// Why a user is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetUserError {
    /// The tenant has no such user.
    #[error("there is no user {user_id}")]
    NotFound { user_id: UserId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show user {user_id}")]
    Read {
        user_id: UserId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetUserError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetUserError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "user-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The user as of now.
///
/// # Errors
/// See [`GetUserError`].
pub async fn get_user(reader: &Reader, user_id: UserId) -> Result<User, GetUserError> {
    let found = reader.get(&User::at(user_id)).await;
    let found = found.map_err(|source| GetUserError::Read { user_id, source })?;
    found.map(|found| found.value).ok_or(GetUserError::NotFound { user_id })
}
