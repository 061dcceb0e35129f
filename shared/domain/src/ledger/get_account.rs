//! One account as it is read: `GET /accounts/{id}`.

use postroom::{Classify, ReadError, ReadModel, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::id::AccountId;
use crate::ledger::{AccountView, AccountViews};

/// Why an account is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetAccountError {
    /// The tenant has no such account, or its view has not heard of it yet.
    #[error("there is no account {account_id}")]
    NotFound { account_id: AccountId },
    /// The view has not come as far as the caller has. It will soon.
    #[error("account {account_id} is shown up to version {shown}, not {asked}")]
    Behind { account_id: AccountId, shown: u64, asked: u64 },
    /// It could not be read; retryable as the store says.
    #[error("cannot show account {account_id}")]
    Read {
        account_id: AccountId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetAccountError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Behind { .. } => Verdict::RETRY,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetAccountError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "account-not-found", kind: RefusalKind::NotFound })
            }
            Self::Behind { .. } => {
                Some(Refusal { code: "view-behind", kind: RefusalKind::Conflict })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The account as far as its view has come, which has to be at least `version`. An account that was opened a moment ago may
/// have no view yet: asked for a version, that is behind, and not unknown.
///
/// # Errors
/// See [`GetAccountError`].
pub async fn get_account(
    reader: &Reader,
    account_id: AccountId,
    version: u64,
) -> Result<AccountView, GetAccountError> {
    let model = model(reader, account_id).await?;
    shown(&model, account_id, version).await
}

/// What is read of accounts.
pub(super) async fn model(
    reader: &Reader,
    account_id: AccountId,
) -> Result<ReadModel, GetAccountError> {
    let model = reader.model::<AccountViews>().await;
    model.map_err(|source| GetAccountError::Read { account_id, source })
}

/// The account as a build of the views shows it, which has to be at least `version`.
pub(super) async fn shown(
    model: &ReadModel,
    account_id: AccountId,
    version: u64,
) -> Result<AccountView, GetAccountError> {
    let found = model.get(&AccountView::at(account_id)).await;
    let found = found.map_err(|source| GetAccountError::Read { account_id, source })?;
    let shown = found.as_ref().map_or(0, |found| found.value.version);
    if shown < version {
        return Err(GetAccountError::Behind { account_id, shown, asked: version });
    }
    found.map(|found| found.value).ok_or(GetAccountError::NotFound { account_id })
}
