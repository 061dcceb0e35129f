//! The projection: what is read of accounts, made of their events.

use postroom::{Aggregate, Envelope, Projection, TxError, View};

use crate::ledger::{Account, AccountEvent, AccountTransaction, AccountView};

/// Keeps the views of accounts, and with each the list of its transactions.
#[derive(Debug, Clone, Copy)]
pub struct AccountViews;

impl Projection for AccountViews {
    const NAME: &'static str = "account-view";
    const READS: &'static [&'static str] = &[Account::STREAM];
    type Event = AccountEvent;
    type Error = TxError;

    async fn apply(
        &self,
        event: &Envelope<AccountEvent>,
        view: &mut View<'_>,
    ) -> Result<(), TxError> {
        let before = view.load(&AccountView::at(event.data.account_id())).await?;
        let Some(before) = before.or_else(|| opened(&event.data)) else {
            // No stream begins so: the ledger opens an account before anything else happens to it.
            return Ok(());
        };
        let after = before.after(event);
        if let Some(transaction) = AccountTransaction::of(event, &after) {
            view.save(&transaction)?;
        }
        view.save(&after)
    }
}

fn opened(event: &AccountEvent) -> Option<AccountView> {
    let AccountEvent::AccountOpened(opened) = event else { return None };
    Some(AccountView::opened(opened))
}
