//! Each rule, and both of its sides.

use postroom::{Aggregate, Refuse};
use uuid::Uuid;

use super::{account_id, campaign_id, currency, deposited, folded, held, nzd, of, opened};
use crate::ledger::decide::MAX_BALANCE_MINOR;
use crate::ledger::transfer_money::transfer;
use crate::ledger::{Account, AccountClosed, AccountEvent, LedgerError};
use crate::money::MAX_AMOUNT_MINOR;
use crate::money::Money;

fn code(refused: Result<impl Sized, LedgerError>) -> &'static str {
    refused.err().unwrap().refusal().unwrap().code
}

fn closed() -> Account {
    folded(&[opened(1), AccountClosed { account_id: account_id(1) }.into()])
}

#[test]
fn all_that_is_available_can_be_withdrawn_and_not_a_cent_more() {
    let account = folded(&[opened(1), deposited(500)]);

    let withdrawn = account.withdraw(&of(nzd(500)), None).unwrap();

    assert_eq!(withdrawn.amount, nzd(500));
    let refused = account.withdraw(&of(nzd(501)), None);
    assert_eq!(
        refused.as_ref().unwrap_err().to_string(),
        format!("account {} has 500 NZD available, not 501 NZD", account_id(1))
    );
    assert_eq!(code(refused), "insufficient-funds");
}

#[test]
fn what_is_held_for_a_campaign_can_neither_be_withdrawn_nor_held_again() {
    let account = folded(&[opened(1), deposited(500), held(1, 300)]);

    assert_eq!((account.held(), account.available()), (nzd(300), nzd(200)));
    assert_eq!(code(account.withdraw(&of(nzd(201)), None)), "insufficient-funds");
    assert_eq!(code(account.hold(campaign_id(2), nzd(201))), "insufficient-funds");
    assert!(account.withdraw(&of(nzd(200)), None).is_ok());
    assert!(account.hold(campaign_id(2), nzd(200)).is_ok());
}

#[test]
fn an_amount_is_more_than_nothing_and_not_beyond_all_measure() {
    let account = folded(&[opened(1), deposited(500)]);

    for amount in [0, -1, i64::MIN, MAX_AMOUNT_MINOR + 1, i64::MAX] {
        assert_eq!(code(account.deposit(&of(nzd(amount)), None)), "amount-out-of-range");
        assert_eq!(code(account.withdraw(&of(nzd(amount)), None)), "amount-out-of-range");
        assert_eq!(code(account.hold(campaign_id(1), nzd(amount))), "amount-out-of-range");
    }
    assert!(account.deposit(&of(nzd(1)), None).is_ok());
    assert!(account.deposit(&of(nzd(MAX_AMOUNT_MINOR)), None).is_ok());
}

#[test]
fn an_account_holds_a_quadrillion_and_not_one_more() {
    let account = folded(&[opened(1), deposited(MAX_BALANCE_MINOR - 1)]);

    assert!(account.deposit(&of(nzd(1)), None).is_ok());
    assert_eq!(code(account.deposit(&of(nzd(2)), None)), "balance-limit-reached");
}

#[test]
fn an_account_takes_one_currency() {
    let account = folded(&[opened(1), deposited(500)]);
    let yen = Money { amount_minor: 1, currency: currency("JPY") };

    assert_eq!(code(account.deposit(&of(yen), None)), "currency-mismatch");
    assert_eq!(code(account.withdraw(&of(yen), None)), "currency-mismatch");
    assert_eq!(code(account.hold(campaign_id(1), yen)), "currency-mismatch");
}

#[test]
fn a_closed_account_refuses_everything() {
    let account = closed();

    assert_eq!(code(account.deposit(&of(nzd(1)), None)), "account-closed");
    assert_eq!(code(account.withdraw(&of(nzd(1)), None)), "account-closed");
    assert_eq!(code(account.hold(campaign_id(1), nzd(1))), "account-closed");
    assert_eq!(code(account.close()), "account-closed");
}

#[test]
fn only_an_empty_account_is_closed() {
    assert!(folded(&[opened(1)]).close().is_ok());

    assert_eq!(code(folded(&[opened(1), deposited(1)]).close()), "account-not-empty");
    let all_held = folded(&[opened(1), deposited(1), held(1, 1)]);
    assert_eq!(code(all_held.close()), "account-not-empty");
}

#[test]
fn a_settled_campaign_takes_what_it_spent_and_frees_the_rest() {
    for (spend, withdrawn) in [
        (0, None),
        (120, Some(nzd(120))),
        (300, Some(nzd(300))),
        (301, Some(nzd(300))),
        (i64::MAX, Some(nzd(300))),
        (-1, None),
    ] {
        let events = [opened(1), deposited(500), held(1, 300), held(2, 100)];
        let mut account = folded(&events);

        let (released, spent) = account.settle(campaign_id(1), "Sale", spend).unwrap();

        assert_eq!(released.amount, nzd(300));
        assert_eq!(spent.as_ref().map(|spent| spent.amount), withdrawn, "{spend:?}");
        account.apply(&released.into());
        if let Some(spent) = spent {
            account.apply(&spent.into());
        }
        let taken = withdrawn.map_or(0, |taken| taken.amount_minor);
        assert_eq!((account.held(), account.available()), (nzd(100), nzd(400 - taken)));
    }
}

#[test]
fn nothing_is_settled_where_nothing_is_held() {
    let account = folded(&[opened(1), deposited(500), held(2, 100)]);

    assert!(account.settle(campaign_id(1), "Sale", 1).is_none());
}

#[test]
fn both_movements_of_a_transfer_name_it_and_each_other() {
    let id = Uuid::from_u128(7).into();
    let (source, target) = (folded(&[opened(1), deposited(500)]), folded(&[opened(2)]));

    let (withdrawn, deposited) = transfer(id, &source, &target, &of(nzd(500))).unwrap();

    assert_eq!((withdrawn.account_id, deposited.account_id), (account_id(1), account_id(2)));
    let (out, inward) = (withdrawn.transfer.unwrap(), deposited.transfer.unwrap());
    assert_eq!((out.transfer_id, inward.transfer_id), (id, id));
    assert_eq!((out.counterparty_id, inward.counterparty_id), (account_id(2), account_id(1)));
}

#[test]
fn a_transfer_is_refused_by_either_side() {
    let id = Uuid::from_u128(7).into();
    let source = folded(&[opened(1), deposited(500)]);
    let in_yen: AccountEvent =
        Account::open(account_id(2), Uuid::from_u128(9).into(), currency("JPY")).into();

    let to_other_currency = transfer(id, &source, &folded(&[in_yen]), &of(nzd(1)));
    assert_eq!(code(to_other_currency), "currency-mismatch");
    assert_eq!(code(transfer(id, &source, &closed(), &of(nzd(1)))), "account-closed");
    assert_eq!(code(transfer(id, &closed(), &source, &of(nzd(1)))), "account-closed");
    let empty = folded(&[opened(2)]);
    assert_eq!(code(transfer(id, &empty, &source, &of(nzd(1)))), "insufficient-funds");
}

#[test]
fn no_account_begins_with_anything_but_its_opening() {
    assert!(Account::begin(&deposited(1)).is_none());
    assert!(Account::begin(&held(1, 1)).is_none());
}
