//! What a store promises to a writer: all of a transaction or nothing, and only over what was read.

use futures_util::future::join;
use serde_json::json;
use uuid::Uuid;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, at, check, put_view, save_new, save_over};
use crate::port::{CommitError, StoreError};
use crate::stored::Place;
use crate::transaction::{Guard, ItemWrite, StreamEnd, Transaction};

/// Versions start at 1 and grow by one.
pub async fn each_write_counts_the_version_up(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");

    adapters.commit(&sample.tx_with([save_new(&key, json!({"n": 1}))])).await;
    adapters.commit(&sample.tx_with([save_over(&key, 1, json!({"n": 2}))])).await;

    assert_eq!(adapters.version_of(&key).await, Some((2, json!({"n": 2}))));
}

/// A writer who saw nothing loses against one who wrote meanwhile.
pub async fn a_new_item_does_not_replace_an_existing_one(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");
    adapters.commit(&sample.tx_with([save_new(&key, json!({"n": 1}))])).await;

    adapters.loses(&sample.tx_with([save_new(&key, json!({"n": 2}))]), false).await;

    assert_eq!(adapters.version_of(&key).await, Some((1, json!({"n": 1}))));
}

/// A lost race writes nothing at all: no item, no event, no message, no record.
pub async fn a_lost_race_writes_nothing(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");
    adapters.commit(&sample.tx_with([save_new(&key, json!({}))])).await;
    adapters.commit(&sample.tx_with([save_over(&key, 1, json!({}))])).await;

    let mut late = full(&sample);
    late.items.push(save_over(&key, 1, json!({"late": true})));
    adapters.loses(&late, false).await;

    assert_eq!(adapters.version_of(&key).await, Some((2, json!({}))));
    wrote_nothing(adapters, &sample, &late).await;
}

/// What was only read must still be as it was read.
pub async fn a_check_guards_what_was_only_read(adapters: &Adapters) {
    let sample = Sample::new();
    let (read, written, nobody) = (sample.key("read"), sample.key("written"), sample.key("nobody"));
    adapters.commit(&sample.tx_with([save_new(&read, json!({}))])).await;
    let tx = |guard, read| sample.tx_with([check(read, guard), put_view(&written, json!({}))]);

    adapters.loses(&tx(Guard::Version(2), &read), false).await;
    adapters.loses(&tx(Guard::Absent, &read), false).await;
    adapters.loses(&tx(Guard::Version(1), &nobody), false).await;
    assert_eq!(adapters.item(&written).await, None);

    adapters.commit(&tx(Guard::Version(1), &read)).await;
    adapters.commit(&tx(Guard::Absent, &nobody)).await;
    assert_eq!(adapters.version_of(&read).await, Some((1, json!({}))));
    assert_eq!(adapters.version_of(&written).await, Some((2, json!({}))));
}

/// A view replaces whatever was there, and is counted all the same.
pub async fn the_last_view_wins(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");

    adapters.commit(&sample.tx_with([put_view(&key, json!({"first": 1}))])).await;
    adapters.commit(&sample.tx_with([put_view(&key, json!({"second": 2}))])).await;

    assert_eq!(adapters.version_of(&key).await, Some((2, json!({"second": 2}))));
}

/// Who read an item and meanwhile it was put as a view, has read something old.
pub async fn a_guard_notices_that_a_view_was_put(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");
    let saved = ItemWrite::Save {
        key: key.clone(),
        guard: Guard::Absent,
        head: 7,
        live: None,
        data: json!({}),
    };
    adapters.commit(&sample.tx_with([saved])).await;
    adapters.commit(&sample.tx_with([put_view(&key, json!({"view": true}))])).await;

    adapters.loses(&sample.tx_with([save_over(&key, 1, json!({}))]), false).await;

    let item = adapters.item(&key).await.unwrap();
    assert_eq!((item.version, item.head, item.data), (2, 7, json!({"view": true})));
}

/// One event for each stream and version; the second writer writes nothing.
pub async fn an_event_is_appended_once_at_its_version(adapters: &Adapters) {
    let sample = Sample::new();
    let first = Transaction { events: vec![sample.event("a", 1)], ..sample.tx() };
    let mut second = full(&sample);
    second.events = vec![sample.event("a", 1)];

    adapters.commit(&first).await;
    adapters.loses(&second, false).await;

    let stream = Place::<super::sample::Thing>::new("a").stream();
    let page = adapters.journal.stream(&sample.tenant, &stream, 0).await.unwrap();
    assert_eq!(page.items, first.events);
    assert_eq!(adapters.item(&sample.key("full")).await, None);
}

/// Whoever decided by a stream and appends nothing to it loses against who appended meanwhile.
pub async fn a_stream_that_was_read_must_end_where_it_did(adapters: &Adapters) {
    let sample = Sample::new();
    let view = sample.key("view");
    let append = |version| Transaction { events: vec![sample.event("a", version)], ..sample.tx() };
    let reader = |id: &str, version| {
        let key = Place::<super::sample::Thing>::new(id).stream().key(&sample.tenant);
        Transaction {
            ends: vec![StreamEnd { key, version }],
            ..sample.tx_with([put_view(&view, json!({}))])
        }
    };
    adapters.commit(&append(1)).await;

    adapters.loses(&reader("a", 0), false).await;
    assert_eq!(adapters.item(&view).await, None);

    adapters.commit(&reader("a", 1)).await;
    adapters.commit(&reader("nobody", 0)).await;
    adapters.commit(&append(2)).await;
    adapters.loses(&reader("a", 1), false).await;
    adapters.commit(&reader("a", 2)).await;
    assert_eq!(adapters.version_of(&view).await, Some((3, json!({}))));
}

/// Whoever did not get an answer may send the same transaction again.
pub async fn a_transaction_sent_twice_commits_once(adapters: &Adapters) {
    let sample = Sample::new();
    let tx = full(&sample);

    adapters.commit(&tx).await;
    adapters.commit(&tx).await;

    assert_eq!(adapters.version_of(&sample.key("full")).await, Some((1, json!({}))));
}

/// A client token names one content.
pub async fn a_token_is_not_taken_for_other_content(adapters: &Adapters) {
    let sample = Sample::new();
    let tx = full(&sample);
    adapters.commit(&tx).await;

    let other =
        Transaction { token: tx.token, ..sample.tx_with([put_view(&sample.key("b"), json!({}))]) };
    let error = adapters.store.commit(&other).await.unwrap_err();

    assert!(
        matches!(error, CommitError::Store { source: StoreError::Refused { .. } }),
        "{error:?}"
    );
    assert_eq!(adapters.item(&sample.key("b")).await, None);
}

/// No transaction has two actions on one item: it is refused as a whole.
pub async fn two_actions_on_one_item_are_refused(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");
    let row = sample.row(at(0), 0);
    let end = StreamEnd { key: sample.event("a", 1).stream_key(), version: 0 };
    let transactions = [
        sample.tx_with([put_view(&key, json!({"n": 1})), put_view(&key, json!({"n": 2}))]),
        sample.tx_with([check(&key, Guard::Absent), save_new(&key, json!({}))]),
        Transaction { events: vec![sample.event("a", 1), sample.event("a", 1)], ..sample.tx() },
        Transaction { events: vec![sample.event("a", 1)], ends: vec![end], ..sample.tx() },
        Transaction { outbox: vec![row.clone(), row.clone()], ..sample.tx() },
        Transaction { cancelled: vec![row.key()], outbox: vec![row], ..sample.tx() },
    ];

    for tx in transactions {
        let error = adapters.store.commit(&tx).await.unwrap_err();

        let refused = matches!(error, CommitError::Store { source: StoreError::Refused { .. } });
        assert!(refused, "{error:?}");
        assert_eq!(adapters.inbox.find(&tx.completion.run.key, at(0)).await.unwrap(), None);
    }
}

/// A hundred actions, the most there can be, are one change.
pub async fn a_hundred_actions_are_written_as_one(adapters: &Adapters) {
    let sample = Sample::new();
    let keys: Vec<_> = (0..99).map(|n| sample.key(&format!("{n:02}"))).collect();
    let all = || sample.tx_with(keys.iter().map(|key| save_new(key, json!({}))));
    assert_eq!(all().actions(), Transaction::MAX_ACTIONS);
    adapters.commit(&sample.tx_with([save_new(&keys[98], json!({}))])).await;

    adapters.loses(&all(), false).await;
    assert_eq!(adapters.item(&keys[0]).await, None);

    let mut tx = all();
    tx.items[98] = save_over(&keys[98], 1, json!({}));
    adapters.commit(&tx).await;
    for key in &keys {
        assert!(adapters.item(key).await.is_some(), "{key}");
    }
}

/// Of two who read the same and write at the same time, one loses.
pub async fn of_two_at_the_same_time_one_commits(adapters: &Adapters) {
    let sample = Sample::new();
    let key = sample.key("a");
    adapters.commit(&sample.tx_with([save_new(&key, json!({}))])).await;
    let (left, right) = (
        sample.tx_with([save_over(&key, 1, json!({"by": "left"}))]),
        sample.tx_with([save_over(&key, 1, json!({"by": "right"}))]),
    );

    let (left, right) = join(adapters.store.commit(&left), adapters.store.commit(&right)).await;

    assert_ne!(left.is_ok(), right.is_ok(), "{left:?} {right:?}");
    let lost = left.and(right).unwrap_err();
    assert!(matches!(lost, CommitError::Condition { record: false }), "{lost:?}");
    assert_eq!(adapters.item(&key).await.unwrap().version, 2);
}

/// A transaction with one of each.
fn full(sample: &Sample) -> Transaction {
    let mut tx = sample.tx_with([save_new(&sample.key("full"), json!({}))]);
    tx.events.push(sample.event("full", 1));
    tx.outbox.push(sample.row(at(0), Uuid::now_v7().as_bytes()[15]));
    tx
}

async fn wrote_nothing(adapters: &Adapters, sample: &Sample, tx: &Transaction) {
    assert_eq!(adapters.item(&sample.key("full")).await, None);
    let chain = adapters.journal.chain(&sample.tenant, &sample.correlation_id, None).await.unwrap();
    assert_eq!(chain.items, []);
    for row in &tx.outbox {
        let page = adapters.outbox.due(row.shard(), at(10), None).await.unwrap();
        assert_eq!(page.items, []);
    }
    let record = adapters.inbox.find(&tx.completion.run.key, at(0)).await.unwrap();
    assert_eq!(record, None);
}
