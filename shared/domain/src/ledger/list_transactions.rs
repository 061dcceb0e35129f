//! The movements of an account, the last first: `GET /accounts/{id}/transactions`.

use postroom::Reader;
use postroom::port::Page;

use crate::id::AccountId;
use crate::ledger::get_account::{model, shown};
use crate::ledger::{AccountTransaction, GetAccountError};
use crate::page::PageRequest;

/// A page of an account's transactions, and the version of the account that it reflects.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionPage {
    /// The last first.
    pub page: Page<AccountTransaction>,
    /// All that moved money up to this version is in the list, and nothing later.
    pub version: u64,
}

/// A page of what moved an account's money, as far as its view has come, which has to be at least `version`.
///
/// Transactions stay where they are and come at the front only: the next page neither skips nor repeats one, whatever is
/// booked in between.
///
/// # Errors
/// See [`GetAccountError`].
pub async fn list_transactions(
    reader: &Reader,
    account_id: AccountId,
    version: u64,
    request: PageRequest,
) -> Result<TransactionPage, GetAccountError> {
    let model = model(reader, account_id).await?;
    let version = shown(&model, account_id, version).await?.version;
    // What is applied between the two reads would be of a later version than the page says.
    let later = AccountTransaction::position(version.saturating_add(1));
    let PageRequest { limit, after } = request;
    let after = Some(after.filter(|after| *after < later).unwrap_or(later));
    let request = PageRequest { limit, after };

    let found = model.list(request.of(AccountTransaction::latest(account_id))).await;

    let found = found.map_err(|source| GetAccountError::Read { account_id, source })?;
    let items = found.items.into_iter().map(|transaction| transaction.value).collect();
    Ok(TransactionPage { page: Page { items, next: found.next }, version })
}
