//! What an owner has: `GET /owners/{id}/summary`.

use postroom::port::Page;
use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::id::OwnerId;
use crate::ledger::{AccountViews, CurrencySummary};
use crate::page::PageRequest;

/// Why an owner's accounts are not summed up.
#[derive(Debug, thiserror::Error)]
pub enum GetOwnerSummaryError {
    /// The tenant has no account of such an owner, or no view of one yet.
    #[error("there is no account of owner {owner_id}")]
    NotFound { owner_id: OwnerId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show what owner {owner_id} has")]
    Read {
        owner_id: OwnerId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetOwnerSummaryError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetOwnerSummaryError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "owner-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// A page of what an owner has, a currency each. An owner whose accounts are all closed is still one.
///
/// It is of no version of its own: its accounts have one each. Whoever waits until an account's view has come to a version
/// ([`get_account`](crate::ledger::get_account())) finds it here, too.
///
/// # Errors
/// See [`GetOwnerSummaryError`].
pub async fn get_owner_summary(
    reader: &Reader,
    owner_id: OwnerId,
    request: PageRequest,
) -> Result<Page<CurrencySummary>, GetOwnerSummaryError> {
    let unread = |source| GetOwnerSummaryError::Read { owner_id, source };
    let from_the_start = request.after.is_none();
    let model = reader.model::<AccountViews>().await.map_err(unread)?;
    let found = model.list(request.of(CurrencySummary::of(owner_id))).await.map_err(unread)?;
    if found.items.is_empty() && from_the_start {
        return Err(GetOwnerSummaryError::NotFound { owner_id });
    }
    let items = found.items.into_iter().map(|summary| summary.value).collect();
    Ok(Page { items, next: found.next })
}
