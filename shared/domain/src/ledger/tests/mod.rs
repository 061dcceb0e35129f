//! Decisions about accounts, given what happened to them: no runtime, no store.

mod decisions;
mod properties;

use postroom::Aggregate;
use uuid::Uuid;

use crate::id::{AccountId, CampaignId};
use crate::ledger::{Account, AccountEvent, BudgetHeld, MoneyDeposited, Movement};
use crate::money::{Currency, Money};

fn currency(code: &str) -> Currency {
    Currency::try_from(code.to_owned()).unwrap()
}

fn nzd(amount_minor: i64) -> Money {
    Money { amount_minor, currency: currency("NZD") }
}

fn account_id(number: u128) -> AccountId {
    Uuid::from_u128(number).into()
}

fn campaign_id(number: u128) -> CampaignId {
    Uuid::from_u128(number).into()
}

fn opened(number: u128) -> AccountEvent {
    Account::open(account_id(number), Uuid::from_u128(9).into(), currency("NZD")).into()
}

fn deposited(amount_minor: i64) -> AccountEvent {
    let (account_id, amount, description) = (account_id(1), nzd(amount_minor), String::new());
    MoneyDeposited { account_id, amount, description, transfer: None }.into()
}

fn held(campaign: u128, amount_minor: i64) -> AccountEvent {
    let (account_id, campaign_id) = (account_id(1), campaign_id(campaign));
    BudgetHeld { account_id, campaign_id, amount: nzd(amount_minor) }.into()
}

fn of(amount: Money) -> Movement {
    Movement { amount, description: "Test".to_owned() }
}

/// What events make.
fn folded<'a>(events: impl IntoIterator<Item = &'a AccountEvent>) -> Account {
    let mut events = events.into_iter();
    let mut account = Account::begin(events.next().unwrap()).unwrap();
    for event in events {
        account.apply(event);
    }
    account
}
