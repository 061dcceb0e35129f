//! The projection: what is read of accounts, made of their events.

use postroom::{Aggregate, Classify, Envelope, Projection, Reads, Stored, TxError, Verdict, View};

use crate::id::{AccountId, OwnerId};
use crate::ledger::{Account, AccountEvent, AccountTransaction, AccountView, CurrencySummary};

/// Keeps the views of accounts, with each the list of its transactions, and what the accounts of an owner come to.
#[derive(Debug, Clone, Copy)]
pub struct AccountViews;

/// Why an event of an account could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum AccountViewsError {
    /// What its owner has in its currency is beyond an `i64`. Permanent: the view stays behind rather than being wrong.
    #[error("what owner {owner_id} has in the currency of account {account_id} is beyond counting")]
    BeyondCounting { owner_id: OwnerId, account_id: AccountId },
    /// The account has a view, and its owner no sum: the view is from before there were sums. Permanent: a sum that began
    /// here would leave out what the account had.
    #[error(
        "account {account_id} has a view, and its owner {owner_id} no sum: rebuild the read model"
    )]
    NotSummed { owner_id: OwnerId, account_id: AccountId },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot show account {account_id}")]
    Tx {
        account_id: AccountId,
        #[source]
        source: TxError,
    },
}

impl Classify for AccountViewsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::BeyondCounting { .. } | Self::NotSummed { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Projection for AccountViews {
    const NAME: &'static str = "account-view";
    const READS: Reads = Reads::Only(&[Account::STREAM]);
    const MAKES: &'static [&'static str] =
        &[AccountView::COLLECTION, AccountTransaction::COLLECTION, CurrencySummary::COLLECTION];
    type Event = AccountEvent;
    type Error = AccountViewsError;

    async fn apply(
        &self,
        event: &Envelope<AccountEvent>,
        view: &mut View<'_>,
    ) -> Result<(), AccountViewsError> {
        let account_id = event.data.account_id();
        let failed = |source| AccountViewsError::Tx { account_id, source };
        let before = view.load(&AccountView::at(account_id)).await.map_err(failed)?;
        let Some(start) = before.clone().or_else(|| opened(&event.data)) else {
            // No stream begins so: the ledger opens an account before anything else happens to it.
            return Ok(());
        };
        let (owner_id, currency) = (start.owner_id, start.balance.currency);
        let sum = view.load(&CurrencySummary::at(owner_id, currency)).await.map_err(failed)?;
        if sum.is_none() && before.is_some() {
            return Err(AccountViewsError::NotSummed { owner_id, account_id });
        }
        let sum = sum.unwrap_or_else(|| CurrencySummary::none(owner_id, currency));

        let after = start.after(event);
        let sum = sum
            .moved(before.as_ref(), &after)
            .ok_or(AccountViewsError::BeyondCounting { owner_id, account_id })?;

        if let Some(transaction) = AccountTransaction::of(event, &after) {
            view.save(&transaction).map_err(failed)?;
        }
        view.save(&sum).map_err(failed)?;
        view.save(&after).map_err(failed)
    }
}

fn opened(event: &AccountEvent) -> Option<AccountView> {
    let AccountEvent::AccountOpened(opened) = event else { return None };
    Some(AccountView::opened(opened))
}
