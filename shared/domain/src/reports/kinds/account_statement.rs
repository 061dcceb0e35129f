//! What moved the money of an account, in the order in which it did, up to when the statement was asked for.

use std::time::Duration;

use postroom::{Clock, Reader};

use super::NotMade;
use crate::ledger::{AccountTransaction, GetAccountError, Statement};
use crate::reports::Report;
use crate::reports::table::{Cell, Table};

/// How long it is waited for the account's view to come as far as the account had when it was asked for: it follows within
/// a second. What takes longer is tried again later.
const PATIENCE: [Duration; 10] = [Duration::from_millis(500); 10];

pub(super) const COLUMNS: &[&str] = &[
    "account_id",
    "version",
    "at",
    "type",
    "amount_minor",
    "balance_after_minor",
    "currency",
    "counterparty_account_id",
    "description",
    "event_id",
];

pub(super) async fn write(
    report: &Report,
    reader: &Reader,
    clock: &dyn Clock,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    let request = &report.request;
    let (Some(account_id), Some(version)) = (request.account_id, report.account_version) else {
        return Err(NotMade::Wrong("it names no account".to_owned()));
    };
    let mut opened = Statement::open(reader, account_id, version).await;
    for wait in PATIENCE {
        let Err(GetAccountError::Behind { .. }) = opened else { break };
        clock.sleep(wait).await;
        opened = Statement::open(reader, account_id, version).await;
    }
    let statement = opened.map_err(NotMade::Account)?;
    let mut after = match request.from {
        Some(from) => statement.before(from).await.map_err(NotMade::Account)?,
        None => 0,
    };
    loop {
        let page = statement.page(after).await.map_err(NotMade::Account)?;
        table.look_at(page.len())?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.version;
        let is_over = request.to.is_some_and(|to| Statement::is_past(last.at, to));
        for transaction in page {
            if request.covers(transaction.at) {
                table.row(row(transaction)).await?;
            }
        }
        if is_over {
            return Ok(());
        }
    }
}

fn row(transaction: AccountTransaction) -> Vec<Cell> {
    vec![
        Cell::Text(transaction.account_id.to_string()),
        Cell::Count(transaction.version),
        Cell::At(transaction.at),
        Cell::Text(transaction.r#type.to_string()),
        Cell::Minor(transaction.amount.amount_minor),
        Cell::Minor(transaction.balance_after.amount_minor),
        Cell::Text(transaction.amount.currency.to_string()),
        Cell::or_absent(transaction.counterparty, |id| Cell::Text(id.to_string())),
        Cell::Text(transaction.description),
        Cell::Text(transaction.event_id.to_string()),
    ]
}
