//! What publishing and completing do to the account that a campaign names.

use postroom::{Disposition, Refuse};

use super::world::World;
use crate::campaigns::{CampaignStatus, CompleteCampaign, get_campaign};
use crate::ledger::{AccountState, AccountStatus, CloseAccount, DepositMoney, OpenAccount};
use crate::ledger::{Movement, TransferMoney, WithdrawMoney};
use crate::money::{Currency, Money};
use crate::{AccountId, CampaignId};

const BUDGET: i64 = 150_000;
/// What the scripted provider says that a campaign has spent.
const SPENT: i64 = 5_120;

fn money(amount_minor: i64, currency: &str) -> Money {
    Money { amount_minor, currency: Currency::try_from(currency.to_owned()).unwrap() }
}

fn of(amount_minor: i64) -> Movement {
    Movement { amount: money(amount_minor, "NZD"), description: "Test".to_owned() }
}

impl World {
    async fn open(&self, currency: &str) -> AccountId {
        let currency = money(0, currency).currency;
        let owner_id = uuid::Uuid::from_u128(9).into();
        self.execute(&OpenAccount { owner_id, currency }).await.unwrap().id
    }

    async fn with_balance(&self, amount_minor: i64) -> AccountId {
        let account_id = self.open("NZD").await;
        self.deposit(account_id, amount_minor).await;
        account_id
    }

    async fn deposit(&self, account_id: AccountId, amount_minor: i64) -> AccountState {
        let movement = of(amount_minor);
        self.execute(&DepositMoney { account_id, movement }).await.unwrap()
    }

    /// How an account stands: a cent is paid in to see it, and out again.
    async fn stands(&self, account_id: AccountId) -> (i64, i64) {
        self.deposit(account_id, 1).await;
        let seen = self.execute(&WithdrawMoney { account_id, movement: of(1) }).await.unwrap();
        (seen.balance.amount_minor, seen.held.amount_minor)
    }

    async fn published(&self, account_id: AccountId) -> CampaignId {
        let campaign_id = self.create_from(account_id).await;
        self.publish(campaign_id).await.unwrap();
        campaign_id
    }
}

#[tokio::test]
async fn publishing_holds_the_budget_in_its_own_transaction() {
    let world = World::new();
    let account_id = world.with_balance(BUDGET).await;

    world.published(account_id).await;

    assert_eq!(world.stands(account_id).await, (BUDGET, BUDGET));
    let records = world.memory.journal_records();
    let of_type = |wanted: &str| records.iter().find(|one| one.envelope.r#type == wanted).unwrap();
    let (published, held) = (of_type("campaign.published"), of_type("budget.held"));
    assert_eq!(held.envelope.causation_id, published.envelope.id);
    assert_eq!(held.by, "hold-budget");
    assert_eq!(held.envelope.time, published.envelope.time);
}

#[tokio::test]
async fn a_publish_that_the_account_refuses_writes_nothing() {
    let world = World::with_plan(9);
    let closed = world.open("NZD").await;
    world.execute(&CloseAccount { account_id: closed }).await.unwrap();
    let unknown = uuid::Uuid::from_u128(1).into();

    for (account_id, code) in [
        (world.with_balance(BUDGET - 1).await, "insufficient-funds"),
        (world.open("JPY").await, "currency-mismatch"),
        (closed, "account-closed"),
        (unknown, "account-not-found"),
    ] {
        let campaign_id = world.create_from(account_id).await;
        let before = (world.memory.items(), world.memory.journal_records());

        let refused = world.publish(campaign_id).await.unwrap_err();

        assert_eq!(refused.refusal().unwrap().code, code);
        assert_eq!((world.memory.items(), world.memory.journal_records()), before, "{code}");
        let draft = get_campaign(&world.reader(), campaign_id).await.unwrap();
        assert_eq!(draft.campaign.status, CampaignStatus::Draft);
    }
    assert!(world.queue.sent("sync-campaign").is_empty());
}

#[tokio::test]
async fn two_campaigns_cannot_have_the_same_money() {
    let world = World::with_plan(9);
    let account_id = world.with_balance(2 * BUDGET - 1).await;
    world.published(account_id).await;
    let second = world.create_from(account_id).await;

    let refused = world.publish(second).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "insufficient-funds");
    assert_eq!(world.stands(account_id).await, (2 * BUDGET - 1, BUDGET));
}

#[tokio::test]
async fn completing_frees_what_was_not_spent_and_takes_what_was() {
    let world = World::new();
    let account_id = world.with_balance(BUDGET + 50).await;
    let campaign_id = world.published(account_id).await;
    assert_eq!(world.deliver(&world.message()).await, Disposition::Acknowledge);

    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();

    assert_eq!(world.stands(account_id).await, (BUDGET + 50 - SPENT, 0));
    let events = world.events();
    assert!(events.contains(&"budget.released".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_campaign_that_was_never_synced_has_spent_nothing() {
    let world = World::new();
    let account_id = world.with_balance(BUDGET).await;
    let campaign_id = world.published(account_id).await;

    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();

    assert_eq!(world.stands(account_id).await, (BUDGET, 0));
}

#[tokio::test]
async fn a_campaign_without_an_account_leaves_no_trace_in_the_ledger() {
    let world = World::new();
    let campaign_id = world.create().await;

    world.publish(campaign_id).await.unwrap();
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();

    let events = world.events();
    assert_eq!(events, ["campaign.created", "campaign.published", "campaign.completed"]);
}

#[tokio::test]
async fn a_transfer_is_one_transaction_and_each_movement_names_the_other_account() {
    let world = World::new();
    let (from, to) = (world.with_balance(500).await, world.open("NZD").await);

    let transfer = world.execute(&TransferMoney { from, to, movement: of(200) }).await.unwrap();

    assert_eq!(
        (transfer.from.balance, transfer.to.balance),
        (money(300, "NZD"), money(200, "NZD"))
    );
    assert_eq!((transfer.from.version, transfer.to.version), (3, 2));
    let records = world.memory.journal_records();
    let legs: Vec<_> = records.iter().filter(|record| record.by == "transfer-money").collect();
    assert_eq!(legs.len(), 2);
    assert_eq!(legs[0].envelope.causation_id, legs[1].envelope.causation_id);
    assert!(
        legs.iter()
            .all(|leg| leg.envelope.data["transfer"]["transfer_id"] == transfer.id.to_string())
    );
}

#[tokio::test]
async fn a_refused_transfer_moves_nothing() {
    let world = World::new();
    let (from, to) = (world.with_balance(500).await, world.open("JPY").await);
    let before = (world.memory.items(), world.memory.journal_records());

    let refused = world.execute(&TransferMoney { from, to, movement: of(200) }).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "currency-mismatch");
    assert_eq!((world.memory.items(), world.memory.journal_records()), before);
}

#[tokio::test]
async fn an_account_ends_as_its_events_say() {
    let world = World::new();
    let account_id = world.with_balance(500).await;
    world.execute(&WithdrawMoney { account_id, movement: of(500) }).await.unwrap();

    let closed = world.execute(&CloseAccount { account_id }).await.unwrap();

    assert_eq!((closed.status, closed.version), (AccountStatus::Closed, 4));
    let movement = of(1);
    let refused = world.execute(&DepositMoney { account_id, movement }).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "account-closed");
}
