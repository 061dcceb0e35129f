//! The transactions of an account: what moved its money, by pages that join while more is booked.

use std::sync::Arc;

use postroom::port::{CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{BoxFuture, Key, LiveItem, LiveShard, Reader, Transaction};

use super::viewing::movement;
use super::world::World;
use crate::AccountId;
use crate::campaigns::CompleteCampaign;
use crate::ledger::{
    AccountTransaction, CloseAccount, GetAccountError, TransactionPage, TransactionType,
    TransferMoney, list_transactions,
};
use crate::page::PageRequest;

/// More than all pages of any list here.
const MAX_PAGES: usize = 20;

async fn page(
    reader: &Reader,
    account_id: AccountId,
    limit: usize,
    after: Option<String>,
) -> TransactionPage {
    list_transactions(reader, account_id, 0, PageRequest { limit, after }).await.unwrap()
}

/// What the transactions of pages are, newest first: each one's version, and what the account held after it.
fn steps(pages: &[&TransactionPage]) -> Vec<(u64, i64)> {
    let items = pages.iter().flat_map(|page| &page.page.items);
    items.map(|one| (one.version, one.balance_after.amount_minor)).collect()
}

#[tokio::test]
async fn what_moves_money_is_a_transaction_and_what_is_held_is_none() {
    let world = World::new();
    let (account_id, other) = (world.opened().await, world.opened().await);
    world.pay_in(account_id, 200_000).await;
    let campaign_id = world.create_from(account_id).await;
    world.publish(campaign_id).await.unwrap();
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    world.pay_out(account_id, 150_000).await;
    let transfer = TransferMoney { from: account_id, to: other, movement: movement(50_000) };
    world.execute(&transfer).await.unwrap();
    world.execute(&CloseAccount { account_id }).await.unwrap();
    world.project().await;

    let page = page(&world.reader(), account_id, 100, None).await;

    let seen = |one: &AccountTransaction| {
        (one.version, one.r#type, one.amount.amount_minor, one.balance_after.amount_minor)
    };
    let (deposit, withdrawal) = (TransactionType::Deposit, TransactionType::Withdrawal);
    assert_eq!(
        page.page.items.iter().map(seen).collect::<Vec<_>>(),
        [
            (6, withdrawal, 50_000, 0),
            (5, withdrawal, 150_000, 50_000),
            (2, deposit, 200_000, 200_000),
        ]
    );
    let ends = page.page.items.iter().map(|one| one.counterparty);
    assert_eq!(ends.collect::<Vec<_>>(), [Some(other), None, None]);
    assert_eq!((page.version, page.page.next), (7, None));
}

#[tokio::test]
async fn pages_join_without_a_gap_while_more_is_booked_and_say_what_they_reflect() {
    let world = World::new();
    let account_id = world.opened().await;
    for _ in 0..4 {
        world.pay_in(account_id, 10).await;
    }
    world.project().await;
    let reader = world.reader();

    let first = page(&reader, account_id, 2, None).await;
    world.pay_in(account_id, 10).await;
    world.project().await;
    let mut pages = vec![first];
    while let Some(next) = pages[pages.len() - 1].page.next.clone() {
        assert!(pages.len() < MAX_PAGES, "the list does not end");
        pages.push(page(&reader, account_id, 2, Some(next)).await);
    }

    assert_eq!(steps(&pages.iter().collect::<Vec<_>>()), [(5, 40), (4, 30), (3, 20), (2, 10)]);
    assert_eq!((pages[0].version, pages[1].version), (5, 6));
}

#[tokio::test]
async fn what_is_applied_while_a_list_is_read_is_not_in_it() {
    let world = World::new();
    let account_id = world.opened().await;
    world.pay_in(account_id, 10).await;
    world.project().await;
    let before = Before { seen: world.memory.items(), now: Arc::new(world.memory.clone()) };
    world.pay_in(account_id, 10).await;
    world.project().await;
    let reader = Reader::new(Arc::new(before), "demo".parse().unwrap());

    let overtaken = page(&reader, account_id, 100, None).await;

    assert_eq!((overtaken.version, steps(&[&overtaken])), (2, vec![(2, 10)]));
    let now = page(&world.reader(), account_id, 100, None).await;
    assert_eq!((now.version, steps(&[&now])), (3, vec![(3, 20), (2, 10)]));
}

#[tokio::test]
async fn a_list_that_is_behind_says_so_and_one_of_an_empty_account_is_empty() {
    let world = World::new();
    let account_id = world.opened().await;
    let reader = world.reader();
    let all = PageRequest { limit: 100, after: None };

    let unknown = list_transactions(&reader, account_id, 0, all.clone()).await;
    world.project().await;
    let empty = list_transactions(&reader, account_id, 1, all.clone()).await.unwrap();
    let behind = list_transactions(&reader, account_id, 2, all).await;

    assert!(matches!(unknown, Err(GetAccountError::NotFound { .. })));
    assert_eq!((empty.version, empty.page.items.len(), empty.page.next), (1, 0, None));
    assert!(matches!(behind, Err(GetAccountError::Behind { shown: 1, asked: 2, .. })));
}

/// A store whose single items are those of a moment ago, as they were read before what its lists have was written.
struct Before {
    seen: Vec<Item>,
    now: Arc<dyn Store>,
}

impl Store for Before {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let found = self.seen.iter().find(|item| item.key == *key).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        self.now.get_many(keys)
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        self.now.list(listing)
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        self.now.live(shard, after)
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        self.now.commit(tx)
    }
}
