//! What an outbox promises.

use jiff::Timestamp;
use serde_json::json;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, at, save_new, save_over};
use crate::port::{Destination, OutboxRow};
use crate::transaction::Transaction;

const SHARD: u8 = 3;

/// The earliest first, whatever the order of writing; all of it as it was written.
pub async fn rows_come_in_the_order_they_are_due(adapters: &Adapters) {
    let sample = Sample::new();
    let first = sample.row(at(1), SHARD);
    let second = sample.row_in_order(at(2), SHARD, "group-1");
    let second = OutboxRow { decision: Some(first.message_id), ..second };
    let third = OutboxRow { to: Destination::Topic, ..sample.row(at(10), SHARD) };
    put(adapters, &sample, &[second.clone(), third.clone(), first.clone()]).await;

    assert_eq!(due(adapters, at(60)).await, [first, second, third]);
}

/// A row is due from its very moment on, and not before.
pub async fn rows_wait_until_they_are_due(adapters: &Adapters) {
    let sample = Sample::new();
    let row = sample.row(at(5), SHARD);
    put(adapters, &sample, std::slice::from_ref(&row)).await;

    assert_eq!(due(adapters, at(4)).await, []);
    assert_eq!(due(adapters, at(5)).await, [row]);
}

/// Each row is in one shard.
pub async fn a_shard_holds_only_its_own_rows(adapters: &Adapters) {
    let sample = Sample::new();
    let (mine, other) = (sample.row(at(0), SHARD), sample.row(at(0), SHARD + 1));
    put(adapters, &sample, &[mine.clone(), other]).await;

    assert_eq!(due(adapters, at(0)).await, [mine]);
}

/// Following `next` visits every row once.
pub async fn a_full_shard_comes_in_pages(adapters: &Adapters) {
    let sample = Sample::new();
    let rows: Vec<_> = (0..150).map(|second| sample.row(at(second), SHARD)).collect();
    put(adapters, &sample, &rows).await;

    assert_eq!(due(adapters, at(1000)).await, rows);
}

/// Rows of one shard and one time for two handlers are two rows.
pub async fn one_message_for_two_handlers_is_two_rows(adapters: &Adapters) {
    let sample = Sample::new();
    let row = sample.row(at(0), SHARD);
    let twin = OutboxRow { to: Destination::Queue("tell-nobody".to_owned()), ..row.clone() };
    put(adapters, &sample, &[row.clone(), twin.clone()]).await;

    adapters.outbox.remove(&[row]).await.unwrap();

    assert_eq!(due(adapters, at(0)).await, [twin]);
}

/// More at once than one batch, and again what is gone already.
pub async fn removing_is_repeatable(adapters: &Adapters) {
    let sample = Sample::new();
    let rows: Vec<_> = (0..30).map(|second| sample.row(at(second), SHARD)).collect();
    put(adapters, &sample, &rows).await;

    adapters.outbox.remove(&rows[..10]).await.unwrap();
    adapters.outbox.remove(&rows).await.unwrap();
    adapters.outbox.remove(&[]).await.unwrap();

    assert_eq!(due(adapters, at(1000)).await, []);
}

/// Taking a row back is part of its transaction; one that is gone already is no failure, and its twin stays.
pub async fn a_row_that_is_taken_back_is_gone_with_the_commit(adapters: &Adapters) {
    let sample = Sample::new();
    let row = sample.row(at(0), SHARD);
    let to = Destination::Queue("tell-nobody".to_owned());
    let twin = OutboxRow { to, ..row.clone() };
    put(adapters, &sample, &[row.clone(), twin.clone()]).await;
    let key = sample.key("a");
    let taking = |write| Transaction { cancelled: vec![row.key()], ..sample.tx_with([write]) };

    adapters.loses(&taking(save_over(&key, 1, json!({}))), false).await;
    assert_eq!(due(adapters, at(0)).await.len(), 2);

    adapters.commit(&taking(save_new(&key, json!({})))).await;
    assert_eq!(due(adapters, at(0)).await, std::slice::from_ref(&twin));
    adapters.commit(&taking(save_over(&key, 1, json!({})))).await;
    assert_eq!(due(adapters, at(0)).await, [twin]);
}

async fn put(adapters: &Adapters, sample: &Sample, rows: &[OutboxRow]) {
    for rows in rows.chunks(99) {
        adapters.commit(&Transaction { outbox: rows.to_vec(), ..sample.tx() }).await;
    }
}

async fn due(adapters: &Adapters, by: Timestamp) -> Vec<OutboxRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    for _ in 0..1000 {
        let page = adapters.outbox.due(SHARD, by, after.as_deref()).await.unwrap();
        rows.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    rows
}
