//! What is read of accounts agrees with what they are.

use super::world::World;
use crate::campaigns::CompleteCampaign;
use crate::ledger::{
    AccountState, AccountStatus, AccountView, CloseAccount, DepositMoney, GetAccountError,
    Movement, OpenAccount, WithdrawMoney, get_account,
};
use crate::money::{Currency, Money};
use crate::{AccountId, OwnerId};

/// Whose accounts these are.
pub(super) fn owner() -> OwnerId {
    uuid::Uuid::from_u128(9).into()
}

pub(super) fn movement(amount_minor: i64) -> Movement {
    let currency = Currency::try_from("NZD".to_owned()).unwrap();
    Movement { amount: Money { amount_minor, currency }, description: "Test".to_owned() }
}

impl World {
    pub(super) async fn opened(&self) -> AccountId {
        let currency = Currency::try_from("NZD".to_owned()).unwrap();
        let owner_id = owner();
        self.execute(&OpenAccount { owner_id, currency }).await.unwrap().id
    }

    pub(super) async fn pay_in(&self, account_id: AccountId, amount_minor: i64) -> AccountState {
        let movement = movement(amount_minor);
        self.execute(&DepositMoney { account_id, movement }).await.unwrap()
    }

    pub(super) async fn pay_out(&self, account_id: AccountId, amount_minor: i64) -> AccountState {
        let movement = movement(amount_minor);
        self.execute(&WithdrawMoney { account_id, movement }).await.unwrap()
    }

    async fn viewed(&self, account_id: AccountId) -> AccountView {
        assert_eq!(self.project().await, None);
        get_account(&self.reader(), account_id, 0).await.unwrap()
    }
}

fn as_it_is(view: &AccountView) -> AccountState {
    AccountState {
        id: view.id,
        owner_id: view.owner_id,
        balance: view.balance,
        held: view.held,
        status: view.status,
        version: view.version,
    }
}

#[tokio::test]
async fn a_view_is_what_its_account_is_after_every_step() {
    let world = World::new();
    let account_id = world.opened().await;

    let deposited = world.pay_in(account_id, 200_000).await;
    assert_eq!(as_it_is(&world.viewed(account_id).await), deposited);
    let withdrawn = world.pay_out(account_id, 50_000).await;
    assert_eq!(as_it_is(&world.viewed(account_id).await), withdrawn);
    let campaign_id = world.create_from(account_id).await;
    world.publish(campaign_id).await.unwrap();
    let held = world.viewed(account_id).await;
    assert_eq!((held.held.amount_minor, held.transaction_count), (150_000, 2));
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    let released = world.pay_out(account_id, 150_000).await;
    assert_eq!(as_it_is(&world.viewed(account_id).await), released);
    let closed = world.execute(&CloseAccount { account_id }).await.unwrap();
    let view = world.viewed(account_id).await;

    assert_eq!(as_it_is(&view), closed);
    assert_eq!((view.status, view.transaction_count), (AccountStatus::Closed, 3));
    assert!(view.last_transaction_at.is_some());
}

#[tokio::test]
async fn a_view_that_is_behind_says_so_and_one_that_is_not_shows_what_it_has() {
    let world = World::new();
    let account_id = world.opened().await;
    let reader = world.reader();

    let before = get_account(&reader, account_id, 1).await;
    world.project().await;
    let now = get_account(&reader, account_id, 1).await.unwrap();
    let ahead = get_account(&reader, account_id, 2).await;

    assert!(matches!(before, Err(GetAccountError::Behind { shown: 0, asked: 1, .. })));
    assert_eq!((now.version, now.transaction_count, now.last_transaction_at), (1, 0, None));
    assert!(matches!(ahead, Err(GetAccountError::Behind { shown: 1, asked: 2, .. })));
}
