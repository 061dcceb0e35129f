//! One command, one transaction, whatever the store does.

use std::future::{pending, ready};
use std::sync::Arc;

use jiff::Timestamp;
use postroom::doc_example::{HistoryLine, OpenOrders, Order, PlaceOrder, Settings, reactions};
use postroom::memory::MemoryStore;
use postroom::port::{
    Inbox, Outbox, OutboxRow, Page, Posted, Queue, QueueError, RunKey, RunStatus, StoreError,
};
use postroom::{BoxFuture, Classify, Courier, ExecuteError, List, Refuse, Stored, Verdict};

use crate::shop::{Mishap, Shop, tenant};

#[tokio::test]
async fn state_event_view_message_and_record_commit_in_one_transaction() {
    let shop = Shop::new();

    let done = shop.place("1").await.unwrap();

    assert_eq!((done.output, done.replayed), (1, false));
    assert_eq!(shop.commits().len(), 1);
    let [tx] = shop.commits().try_into().unwrap();
    assert_eq!((tx.items().len(), tx.events().len(), tx.outbox().len()), (3, 1, 1));
    assert_eq!(tx.actions(), 6);
    let reader = shop.runtime.reader(&tenant());
    assert!(reader.get(&Order::at("1")).await.unwrap().is_some());
    assert_eq!(reader.get(&OpenOrders::default().place()).await.unwrap().unwrap().value.count, 1);
    assert_eq!(reader.list(List::<HistoryLine>::within("1")).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_journal_says_who_reacted_in_the_request_and_who_is_queued() {
    let shop = Shop::new();

    shop.place("1").await.unwrap();

    let [record] = shop.journal().await.try_into().unwrap();
    let reacted: Vec<_> =
        record.in_request.iter().map(|done| (done.handler.as_str(), done.writes)).collect();
    assert_eq!(reacted, [("history", 1), ("stock-limit", 1)]);
    assert_eq!(record.queued, ["charge-card"]);
    assert_eq!((record.by.as_str(), record.envelope.stream_version), ("place-order", Some(1)));
}

#[tokio::test]
async fn a_listener_that_refuses_leaves_nothing_written() {
    let shop = Shop::with(reactions(&Settings { most_open_orders: 0 }));

    let refused = shop.place("1").await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "too-many-open-orders");
    assert!(matches!(refused, ExecuteError::Listener { .. }));
    assert!(shop.commits().is_empty());
    assert!(shop.sent().is_empty());
    assert!(shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_message_leaves_the_outbox_when_its_queue_has_accepted_it() {
    let shop = Shop::new();

    shop.place("1").await.unwrap();

    assert_eq!(shop.sent().len(), 1);
    assert!(shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_message_its_queue_did_not_accept_is_relayed_later_with_the_same_id() {
    let shop = Shop::new();
    shop.queue.fail_sends(1);
    shop.place("1").await.unwrap();
    let [kept] = shop.outbox().await.try_into().unwrap();
    assert!(shop.sent().is_empty());

    let far = "2026-11-21T10:00:00Z".parse().unwrap();
    let relayed = shop.runtime.ports().courier.relay(shop.now(), far).await.unwrap();

    assert_eq!((relayed.sent, relayed.left), (1, 0));
    assert_eq!(shop.sent(), [kept]);
    assert!(shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_message_that_one_queue_refuses_stays_without_holding_up_the_others() {
    let shop = Shop::new();
    shop.queue.fail_sends(2);
    shop.place("1").await.unwrap();
    shop.place("2").await.unwrap();
    assert_eq!(shop.outbox().await.len(), 2);
    shop.queue.refuse_rows(1);

    let far = "2026-11-21T10:00:00Z".parse().unwrap();
    let relayed = shop.runtime.ports().courier.relay(shop.now(), far).await.unwrap();

    assert_eq!((relayed.sent, relayed.left), (1, 1));
    assert_eq!(shop.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_lost_race_decides_again_and_emits_the_same_ids() {
    let shop = Shop::new();
    shop.mishaps([Mishap::LostRace, Mishap::LostRace]);

    shop.place("1").await.unwrap();

    let commits = shop.commits();
    assert_eq!(commits.len(), 3);
    assert_ne!(commits[0].token(), commits[2].token());
    let id = |index: usize| commits[index].events()[0].envelope.id;
    assert_eq!((id(0), id(1)), (id(2), id(2)));
    assert_eq!(commits[0].items(), commits[2].items());
}

#[tokio::test]
async fn a_command_that_loses_every_race_ends_as_a_retryable_conflict() {
    let shop = Shop::new();
    shop.mishaps([Mishap::LostRace; 5]);

    let error = shop.place("1").await.unwrap_err();

    assert!(matches!(error, ExecuteError::Contended { runs: 5, .. }));
    assert_eq!(error.verdict(), Verdict::RETRY);
    assert_eq!(shop.commits().len(), 5);
    assert!(shop.outbox().await.is_empty());
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_decided_again() {
    let shop = Shop::new();
    shop.mishaps([Mishap::AnswerLost]);

    let done = shop.place("1").await.unwrap();

    assert!(!done.replayed);
    let [first, second] = shop.commits().try_into().unwrap();
    assert_eq!(first, second);
    assert_eq!(shop.journal().await.len(), 1);
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn after_an_unknown_outcome_a_failed_condition_is_read_as_our_own_success() {
    let shop = Shop::new();
    // The token is forgotten between the two sendings: the store can only answer with a failed condition.
    shop.mishaps([Mishap::AnswerLost, Mishap::LostRace]);

    let done = shop.place("1").await.unwrap();

    assert!(!done.replayed);
    assert_eq!(shop.commits().len(), 2);
    assert_eq!(shop.journal().await.len(), 1);
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn after_an_unknown_outcome_a_refusal_is_not_taken_for_nothing_written() {
    let shop = Shop::new();
    shop.mishaps([Mishap::AnswerLost, Mishap::Refused]);

    let done = shop.place("1").await.unwrap();

    assert!(!done.replayed);
    assert_eq!(shop.journal().await.len(), 1);
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn a_commit_whose_request_was_lost_is_sent_again_and_commits_once() {
    let shop = Shop::new();
    shop.mishaps([Mishap::RequestLost, Mishap::Throttled]);

    shop.place("1").await.unwrap();

    let commits = shop.commits();
    assert_eq!(commits.len(), 3);
    assert!(commits.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(shop.journal().await.len(), 1);
}

#[tokio::test]
async fn a_store_that_throttles_slowly_is_given_up_and_nothing_is_decided_again() {
    let shop = Shop::new();
    shop.mishaps([Mishap::ThrottledSlowly; 4]);

    let error = shop.place("1").await.unwrap_err();

    assert!(matches!(error, ExecuteError::Settle { .. }), "{error:?}");
    assert_eq!(error.verdict(), Verdict::RETRY);
    assert_eq!(shop.commits().len(), 1);
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_a_retryable_failure() {
    let shop = Shop::new();
    shop.mishaps([Mishap::RequestLost; 4]);

    let error = shop.place("1").await.unwrap_err();

    assert!(matches!(error, ExecuteError::Settle { .. }));
    assert_eq!(error.verdict(), Verdict::RETRY);
}

#[tokio::test]
async fn a_command_repeated_under_its_id_answers_the_same_and_does_nothing() {
    let shop = Shop::new();
    let origin = shop.origin();
    let command = PlaceOrder { order: "1".to_owned() };
    shop.runtime.execute(&command, &origin).await.unwrap();
    let other = PlaceOrder { order: "2".to_owned() };

    let repeated = shop.runtime.execute(&other, &origin).await.unwrap();

    assert_eq!((repeated.output, repeated.replayed), (1, true));
    assert_eq!(shop.journal().await.len(), 1);
    let key = RunKey::of_command(origin.command_id);
    let record = Inbox::find(&shop.memory, &key, shop.now()).await.unwrap().unwrap();
    assert_eq!(record.status, RunStatus::Done);
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();

    let other = shop.runtime.reader(&"other".parse().unwrap());

    assert!(other.get(&Order::at("1")).await.unwrap().is_none());
    assert!(other.list(List::<HistoryLine>::within("1")).await.unwrap().items.is_empty());
}

/// A queue that never answers.
pub(crate) struct Silence;

impl Queue for Silence {
    fn send<'a>(
        &'a self,
        _: &'a str,
        _: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_queue_that_does_not_answer_keeps_no_caller_waiting() {
    let shop = Shop::with_courier(|shop| {
        Courier::new(Arc::new(shop.memory.clone()), Arc::new(Silence), shop.clock.clone())
    });
    let before = shop.now();

    shop.place("1").await.unwrap();

    assert_eq!(shop.now().duration_since(before).as_secs(), 1);
    assert_eq!(shop.outbox().await.len(), 1);
}

/// An outbox one shard of which cannot be read.
struct OneShardDown(MemoryStore, u8);

impl Outbox for OneShardDown {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        if shard == self.1 {
            let reason = "not one of ours".to_owned();
            return Box::pin(ready(Err(StoreError::Corrupt { operation: "read", reason })));
        }
        self.0.due(shard, by, after)
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.remove(rows)
    }
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_holds_up_no_other() {
    let shop = Shop::new();
    shop.queue.fail_sends(20);
    for order in 0..20 {
        shop.place(&order.to_string()).await.unwrap();
    }
    let rows = shop.outbox().await;
    let broken = rows[0].shard();
    let elsewhere = rows.iter().filter(|row| row.shard() != broken).count();
    let outbox = Arc::new(OneShardDown(shop.memory.clone(), broken));
    let courier = Courier::new(outbox, shop.queue.clone(), shop.clock.clone());

    let far = "2026-11-21T10:00:00Z".parse().unwrap();
    let relayed = courier.relay(shop.now(), far).await;

    assert!(matches!(relayed, Err(StoreError::Corrupt { .. })));
    assert_eq!(shop.sent().len(), elsewhere);
    assert!(elsewhere > 0);
}
