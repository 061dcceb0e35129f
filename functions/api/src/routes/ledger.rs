//! `/accounts`, `/transfers` and `/owners`.

use axum::Json;
use axum::extract::State;
use domain::ledger::{
    AccountInput, AccountState, AccountTransaction, AccountView, CloseAccount, CurrencySummary,
    DepositMoney, Movement, MovementInput, OpenAccount, Transfer, TransferInput, TransferMoney,
    WithdrawMoney, get_account, get_owner_summary, list_transactions,
};

use crate::app::App;
use crate::caller::Caller;
use crate::done::{Created, Done};
use crate::kind::Kind;
use crate::order::{KeyedOrderOf, Order, OrderOf};
use crate::page::{PageQuery, PageReply, Position, VersionedPageReply};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::{AccountPath, AtLeastVersion, OwnerPath};

pub(super) const CLOSED: Kind = Kind::conflict("account-closed");
pub(super) const OTHER_CURRENCY: Kind = Kind::conflict("currency-mismatch");
pub(super) const NO_FUNDS: Kind = Kind::conflict("insufficient-funds");
const FULL: Kind = Kind::conflict("balance-limit-reached");

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/accounts", open).about("openAccount", "Opens an account of one currency."),
        get("/accounts/{id}", one)
            .about("getAccount", "One account, as far as its view has come.")
            .refuses(Kind::VIEW_BEHIND),
        get("/accounts/{id}/transactions", transactions)
            .about("listTransactions", "What moved an account's money, the last first, by pages.")
            .refuses(Kind::VIEW_BEHIND),
        post("/accounts/{id}/deposits", deposit)
            .about("depositMoney", "Brings money into an account.")
            .refuses(CLOSED)
            .refuses(OTHER_CURRENCY)
            .refuses(FULL),
        post("/accounts/{id}/withdrawals", withdraw)
            .about("withdrawMoney", "Takes money out of an account, of what is not held.")
            .refuses(CLOSED)
            .refuses(OTHER_CURRENCY)
            .refuses(NO_FUNDS),
        post("/accounts/{id}/close", close)
            .about("closeAccount", "Closes an empty account for good.")
            .refuses(CLOSED)
            .refuses(Kind::conflict("account-not-empty")),
        post("/transfers", transfer)
            .about("transferMoney", "Moves money from one account to another, or not at all.")
            .refuses(Kind::ACCOUNT_NOT_FOUND)
            .refuses(CLOSED)
            .refuses(OTHER_CURRENCY)
            .refuses(NO_FUNDS)
            .refuses(FULL),
        get("/owners/{id}/summary", summary)
            .about("getOwnerSummary", "What an owner's accounts come to, a currency an item."),
    ]
}

async fn open(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<AccountInput>,
) -> Result<Created<AccountState>, Problem> {
    let done = app.execute(&OpenAccount::from(input), &origin).await?;
    Ok(done.at(|opened| format!("/accounts/{}", opened.id)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    AccountPath(account_id): AccountPath,
    AtLeastVersion(version): AtLeastVersion,
) -> Result<Json<AccountView>, Problem> {
    Ok(Json(get_account(&app.runtime.reader(caller.tenant()), account_id, version).await?))
}

async fn transactions(
    State(app): State<App>,
    caller: Caller,
    AccountPath(account_id): AccountPath,
    AtLeastVersion(version): AtLeastVersion,
    page: PageQuery,
) -> Result<Json<VersionedPageReply<AccountTransaction>>, Problem> {
    let list = format!("transactions/{account_id}");
    let request = page.of(&list, Position::Version)?;
    let reader = app.runtime.reader(caller.tenant());
    let found = list_transactions(&reader, account_id, version, request).await?;
    Ok(Json(PageReply::of(&list, found.page).of_version(found.version)))
}

async fn deposit(
    State(app): State<App>,
    AccountPath(account_id): AccountPath,
    KeyedOrderOf { origin, input }: KeyedOrderOf<MovementInput>,
) -> Result<Done<AccountState>, Problem> {
    let movement = Movement::try_from(input)?;
    app.execute(&DepositMoney { account_id, movement }, &origin).await
}

async fn withdraw(
    State(app): State<App>,
    AccountPath(account_id): AccountPath,
    KeyedOrderOf { origin, input }: KeyedOrderOf<MovementInput>,
) -> Result<Done<AccountState>, Problem> {
    let movement = Movement::try_from(input)?;
    app.execute(&WithdrawMoney { account_id, movement }, &origin).await
}

async fn close(
    State(app): State<App>,
    AccountPath(account_id): AccountPath,
    Order { origin }: Order,
) -> Result<Done<AccountState>, Problem> {
    app.execute(&CloseAccount { account_id }, &origin).await
}

async fn transfer(
    State(app): State<App>,
    KeyedOrderOf { origin, input }: KeyedOrderOf<TransferInput>,
) -> Result<Done<Transfer>, Problem> {
    app.execute(&TransferMoney::try_from(input)?, &origin).await
}

async fn summary(
    State(app): State<App>,
    caller: Caller,
    OwnerPath(owner_id): OwnerPath,
    page: PageQuery,
) -> Result<Json<PageReply<CurrencySummary>>, Problem> {
    let list = format!("owner-summary/{owner_id}");
    let request = page.of(&list, Position::Currency)?;
    let reader = app.runtime.reader(caller.tenant());
    Ok(Json(PageReply::of(&list, get_owner_summary(&reader, owner_id, request).await?)))
}
