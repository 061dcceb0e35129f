//! Whatever is tried, in whatever order: money is neither lost nor made.

use postroom::Aggregate;
use proptest::prelude::*;
use uuid::Uuid;

use super::{campaign_id, folded, nzd, of, opened};
use crate::ledger::decide::MAX_BALANCE_MINOR;
use crate::ledger::transfer_money::transfer;
use crate::ledger::{Account, AccountEvent, LedgerError};

/// Something that somebody tries with one of three accounts.
#[derive(Debug, Clone, Copy)]
enum Attempt {
    Deposit { to: usize, amount: i64 },
    Withdraw { from: usize, amount: i64 },
    Transfer { from: usize, to: usize, amount: i64 },
    Hold { on: usize, campaign: u128, amount: i64 },
    Settle { on: usize, campaign: u128, spend: i64 },
    Close { which: usize },
}

/// Three accounts, with all that happened to each.
struct Bank {
    streams: [Vec<AccountEvent>; 3],
    accounts: [Account; 3],
}

impl Bank {
    fn new() -> Self {
        let streams = [1, 2, 3].map(|number| vec![opened(number)]);
        let accounts = [0, 1, 2].map(|index: usize| folded(&streams[index]));
        Self { streams, accounts }
    }

    /// The events that it leads to, each with its account; none where it is refused.
    fn decide(&self, attempt: Attempt) -> Result<Vec<(usize, AccountEvent)>, LedgerError> {
        let accounts = &self.accounts;
        Ok(match attempt {
            Attempt::Deposit { to, amount } => {
                vec![(to, accounts[to].deposit(&of(nzd(amount)), None)?.into())]
            }
            Attempt::Withdraw { from, amount } => {
                vec![(from, accounts[from].withdraw(&of(nzd(amount)), None)?.into())]
            }
            Attempt::Transfer { from, to, .. } if from == to => vec![],
            Attempt::Transfer { from, to, amount } => {
                let id = Uuid::from_u128(7).into();
                let moved = transfer(id, &accounts[from], &accounts[to], &of(nzd(amount)))?;
                vec![(from, moved.0.into()), (to, moved.1.into())]
            }
            Attempt::Hold { on, campaign, .. }
                if accounts[on].holds.contains_key(&campaign_id(campaign)) =>
            {
                vec![]
            }
            Attempt::Hold { on, campaign, amount } => {
                vec![(on, accounts[on].hold(campaign_id(campaign), nzd(amount))?.into())]
            }
            Attempt::Settle { on, campaign, spend } => {
                let settled = accounts[on].settle(campaign_id(campaign), "Sale", spend);
                let Some((released, withdrawn)) = settled else { return Ok(vec![]) };
                let withdrawn = withdrawn.map(|withdrawn| (on, withdrawn.into()));
                std::iter::once((on, released.into())).chain(withdrawn).collect()
            }
            Attempt::Close { which } => vec![(which, accounts[which].close()?.into())],
        })
    }

    fn book(&mut self, attempt: Attempt) {
        for (index, event) in self.decide(attempt).unwrap_or_default() {
            self.accounts[index].apply(&event);
            self.streams[index].push(event);
        }
    }

    fn total(&self) -> i64 {
        self.accounts.iter().map(|account| account.balance_minor).sum()
    }
}

/// What an event brings in from outside, or takes out: the legs of transfers stay inside.
fn from_outside(event: &AccountEvent) -> i64 {
    match event {
        AccountEvent::MoneyDeposited(moved) if moved.transfer.is_none() => {
            moved.amount.amount_minor
        }
        AccountEvent::MoneyWithdrawn(moved) if moved.transfer.is_none() => {
            -moved.amount.amount_minor
        }
        _ => 0,
    }
}

fn movement(event: &AccountEvent) -> i64 {
    match event {
        AccountEvent::MoneyDeposited(moved) => moved.amount.amount_minor,
        AccountEvent::MoneyWithdrawn(moved) => -moved.amount.amount_minor,
        _ => 0,
    }
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1..1_000_i64, 1 => any::<i64>(), 1 => Just(MAX_BALANCE_MINOR / 1_000)]
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let (account, campaign) = (0..3_usize, 0..3_u128);
    prop_oneof![
        4 => (account.clone(), amounts()).prop_map(|(to, amount)| Attempt::Deposit { to, amount }),
        2 => (account.clone(), amounts())
            .prop_map(|(from, amount)| Attempt::Withdraw { from, amount }),
        4 => (account.clone(), account.clone(), amounts())
            .prop_map(|(from, to, amount)| Attempt::Transfer { from, to, amount }),
        3 => (account.clone(), campaign.clone(), amounts())
            .prop_map(|(on, campaign, amount)| Attempt::Hold { on, campaign, amount }),
        2 => (account.clone(), campaign, amounts())
            .prop_map(|(on, campaign, spend)| Attempt::Settle { on, campaign, spend }),
        1 => account.prop_map(|which| Attempt::Close { which }),
    ]
}

proptest! {
    #[test]
    fn money_is_neither_lost_nor_made(attempts in prop::collection::vec(attempts(), 0..200)) {
        let mut bank = Bank::new();

        for attempt in attempts {
            bank.book(attempt);

            let events = || bank.streams.iter().flatten();
            prop_assert_eq!(bank.total(), events().map(from_outside).sum::<i64>());
            for (stream, account) in bank.streams.iter().zip(&bank.accounts) {
                prop_assert_eq!(account.balance_minor, stream.iter().map(movement).sum::<i64>());
                prop_assert!((0..=MAX_BALANCE_MINOR).contains(&account.balance_minor));
                prop_assert!(account.holds.values().all(|held| *held > 0));
                prop_assert!(account.available().amount_minor >= 0);
            }
        }
    }

    #[test]
    fn replayed_from_zero_it_is_as_from_a_snapshot_and_its_tail(
        attempts in prop::collection::vec(attempts(), 0..100),
        cut in 1..100_usize,
    ) {
        let mut bank = Bank::new();
        for attempt in attempts {
            bank.book(attempt);
        }

        for (stream, account) in bank.streams.iter().zip(&bank.accounts) {
            let (head, tail) = stream.split_at(cut.min(stream.len()));
            let snapshot = serde_json::to_value(folded(head)).unwrap();
            let mut restored: Account = serde_json::from_value(snapshot).unwrap();
            for event in tail {
                restored.apply(event);
            }
            prop_assert_eq!(&restored, account);
            prop_assert_eq!(&folded(stream), account);
        }
    }
}
