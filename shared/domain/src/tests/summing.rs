//! What an owner's accounts come to: their sum, whatever happens to them at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use postroom::port::{CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{
    BoxFuture, Key, LiveItem, LiveShard, Projector, Reader, Stored as _, StreamRecord, Transaction,
};

use super::viewing::owner;
use super::world::World;
use crate::OwnerId;
use crate::campaigns::CompleteCampaign;
use crate::ledger::{CloseAccount, CurrencySummary, GetOwnerSummaryError, get_owner_summary};
use crate::page::PageRequest;

const ALL: PageRequest = PageRequest { limit: 100, after: None };

/// What an owner has of the one currency there is: open accounts, balance, held.
async fn summed(reader: &Reader) -> (u64, i64, i64) {
    let page = get_owner_summary(reader, owner(), ALL).await.unwrap();
    let [CurrencySummary { open_accounts, balance, held, .. }] = &page.items[..] else {
        panic!("{page:?}")
    };
    (*open_accounts, balance.amount_minor, held.amount_minor)
}

#[tokio::test]
async fn a_summary_is_the_sum_of_its_accounts_after_every_step_however_often_it_is_told() {
    let world = World::new();
    let reader = world.reader();
    let mut seen = Vec::new();
    let (one, two) = (world.opened().await, world.opened().await);
    let mut told_again = async || {
        world.project().await;
        world.project().await;
        seen.push(summed(&reader).await);
    };

    told_again().await;
    world.pay_in(one, 200_000).await;
    world.pay_in(two, 30).await;
    told_again().await;
    let campaign_id = world.create_from(one).await;
    world.publish(campaign_id).await.unwrap();
    told_again().await;
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    world.pay_out(one, 200_000).await;
    told_again().await;
    world.execute(&CloseAccount { account_id: one }).await.unwrap();
    told_again().await;

    assert_eq!(seen, [(2, 0, 0), (2, 200_030, 0), (2, 200_030, 150_000), (2, 30, 0), (1, 30, 0)]);
}

#[tokio::test]
async fn two_accounts_of_one_owner_at_once_lose_a_race_and_both_count() {
    let world = World::new();
    let (one, two) = (world.opened().await, world.opened().await);
    world.project().await;
    world.pay_in(one, 500).await;
    world.pay_in(two, 30).await;
    let records = world.memory.told();
    let [_, of_one, _, of_two] = &records[..] else { panic!("{records:?}") };
    let store: Arc<dyn Store> = Arc::new(world.memory.clone());
    let overtaker = (world.projector(store.clone()), of_two.clone());
    let store = Arc::new(Overtaken {
        store,
        overtaker: Mutex::new(Some(overtaker)),
        commits: AtomicUsize::new(0),
    });

    let again = world.projector(store.clone()).process(std::slice::from_ref(of_one), None).await;

    assert_eq!((again, summed(&world.reader()).await), (None, (2, 530, 0)));
    assert_eq!(store.commits.load(Ordering::SeqCst), 3, "one lost, one won, and the feed");
}

/// As on a stack whose views are older than sums.
#[tokio::test]
async fn a_sum_does_not_begin_in_the_middle_of_an_account() {
    let world = World::new();
    let account_id = world.opened().await;
    world.pay_in(account_id, 500).await;
    world.project().await;
    world.memory.lose(|key| key.to_string().contains(CurrencySummary::COLLECTION));
    world.pay_out(account_id, 200).await;

    let again = world.project().await;

    let [letter] = world.memory.dead_letters().try_into().unwrap();
    assert_eq!((again, world.count::<CurrencySummary>()), (None, 0));
    assert!(letter.reason().contains("rebuild the read model"), "{}", letter.reason());
}

#[tokio::test]
async fn an_owner_nobody_has_heard_of_is_not_found() {
    let world = World::new();
    world.opened().await;
    let stranger = OwnerId::from(uuid::Uuid::from_u128(10));

    let before = get_owner_summary(&world.reader(), owner(), ALL).await;
    world.project().await;
    let now = get_owner_summary(&world.reader(), owner(), ALL).await;
    let other = get_owner_summary(&world.reader(), stranger, ALL).await;

    assert!(matches!(before, Err(GetOwnerSummaryError::NotFound { .. })));
    assert!(now.is_ok());
    assert!(matches!(other, Err(GetOwnerSummaryError::NotFound { .. })));
}

/// A store before whose first commit somebody else applies something.
struct Overtaken {
    store: Arc<dyn Store>,
    overtaker: Mutex<Option<(Projector, StreamRecord)>>,
    commits: AtomicUsize,
}

impl Store for Overtaken {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        self.store.get(key)
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        self.store.get_many(keys)
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        self.store.list(listing)
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        self.store.live(shard, after)
    }

    fn commit<'a>(&'a self, tx: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            self.commits.fetch_add(1, Ordering::SeqCst);
            let overtaker = self.overtaker.lock().unwrap().take();
            if let Some((projector, record)) = overtaker {
                assert_eq!(projector.process(&[record], None).await, None);
            }
            self.store.commit(tx).await
        })
    }
}
