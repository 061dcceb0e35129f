//! A transaction as the actions of one `TransactWriteItems`, in this order: items, ends of streams, events,
//! outbox rows, those taken back, decisions about letters and their runs, the run's own letter, inbox record.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use postroom::port::{DeadLetter, JournalRecord, OutboxKey, OutboxRow, StoreError};
use postroom::{Guard, ItemWrite, Key, LetterChange, LiveShard, RunChange, StreamEnd, Transaction};
use serde_json::Value;

use crate::attributes::{Attributes, number, text};
use crate::change::Change;
use crate::keys::{DATA, HEAD, LIVE, STREAM, Tables, VERSION};
use crate::store::{key_of, native};
use crate::{dead_letters, inbox, journal, outbox};

const ABSENT: &str = "attribute_not_exists(pk)";
const UNCHANGED: &str = "version = :version";
/// Of an event: its version is the other half of its key.
const NEW: &str = "attribute_not_exists(version)";

/// Every action of a transaction; the inbox record's is the last.
pub(super) fn of(tx: &Transaction, tables: &Tables) -> Result<Vec<TransactWriteItem>, StoreError> {
    let mut actions = Vec::with_capacity(tx.actions());
    for write in tx.items() {
        actions.push(item(write, &tables.state)?);
    }
    for end in tx.ends() {
        actions.push(ends(end, &tables.journal).map_err(malformed)?);
    }
    for record in tx.events() {
        actions.push(append(record, &tables.journal).map_err(malformed)?);
    }
    for row in tx.outbox() {
        actions.push(post(row, &tables.outbox).map_err(malformed)?);
    }
    for key in tx.cancelled() {
        actions.push(cancel(key, &tables.outbox).map_err(malformed)?);
    }
    for change in tx.letters() {
        actions.push(decide(change, tables)?);
    }
    for change in tx.runs() {
        actions.push(decide_run(change, &tables.inbox).map_err(malformed)?);
    }
    if let Some(letter) = tx.parked() {
        actions.push(park(letter, tables)?);
    }
    actions.push(end(tx, &tables.inbox).map_err(malformed)?);
    Ok(actions)
}

fn item(write: &ItemWrite, table: &str) -> Result<TransactWriteItem, StoreError> {
    match write {
        ItemWrite::Check { key, guard } => check(key, *guard, table).map_err(malformed),
        ItemWrite::Save { key, guard, head, live, data } => {
            let put = entity(*head, live.as_ref(), data)?;
            save(key, *guard, put, table).map_err(malformed)
        }
        ItemWrite::PutView { key, data } => put_view(key, data, table),
    }
}

fn check(key: &Key, guard: Guard, table: &str) -> Result<TransactWriteItem, BuildError> {
    let check = ConditionCheck::builder().table_name(table).set_key(Some(key_of(key)));
    let check = match guard {
        Guard::Absent => check.condition_expression(ABSENT),
        Guard::Version(version) => check
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":version", number(version)),
    };
    Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
}

/// What is put of an entity, but for its key and its version.
fn entity(head: u64, live: Option<&LiveShard>, data: &Value) -> Result<PutBuilder, StoreError> {
    let put = Put::builder().item(HEAD, number(head)).item(DATA, native(data)?);
    Ok(match live {
        Some(shard) => put.item(LIVE, text(shard.as_str())),
        None => put,
    })
}

fn save(
    key: &Key,
    guard: Guard,
    entity: PutBuilder,
    table: &str,
) -> Result<TransactWriteItem, BuildError> {
    let put = key_of(key).into_iter().fold(entity, |put, (name, value)| put.item(name, value));
    let put = put.table_name(table).item(VERSION, number(guard.next_version()));
    let put = match guard {
        Guard::Absent => put.condition_expression(ABSENT),
        Guard::Version(version) => put
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":version", number(version)),
    };
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

fn put_view(key: &Key, data: &Value, table: &str) -> Result<TransactWriteItem, StoreError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(key_of(key)))
        .update_expression("SET #data = :data REMOVE #live ADD #version :one")
        .expression_attribute_names("#data", DATA)
        .expression_attribute_names("#live", LIVE)
        .expression_attribute_names("#version", VERSION)
        .expression_attribute_values(":data", native(data)?)
        .expression_attribute_values(":one", number(1_u64));
    Ok(TransactWriteItem::builder().update(update.build().map_err(malformed)?).build())
}

fn ends(end: &StreamEnd, table: &str) -> Result<TransactWriteItem, BuildError> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key(STREAM, text(&end.key))
        .key(VERSION, number(end.next_version()))
        .condition_expression(NEW)
        .build()?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

fn append(record: &JournalRecord, table: &str) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(journal::item(record)))
        .condition_expression(NEW)
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn post(row: &OutboxRow, table: &str) -> Result<TransactWriteItem, BuildError> {
    let put = Put::builder().table_name(table).set_item(Some(outbox::item(row))).build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn cancel(key: &OutboxKey, table: &str) -> Result<TransactWriteItem, BuildError> {
    let delete = Delete::builder().table_name(table).set_key(Some(outbox::key(key))).build()?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

fn decide(change: &LetterChange, tables: &Tables) -> Result<TransactWriteItem, StoreError> {
    let key = dead_letters::key_of(&change.id);
    update(key, dead_letters::decision(change), dead_letters_of(tables)?).map_err(malformed)
}

fn park(letter: &DeadLetter, tables: &Tables) -> Result<TransactWriteItem, StoreError> {
    let key = dead_letters::key_of(&letter.id);
    update(key, dead_letters::parking(letter), dead_letters_of(tables)?).map_err(malformed)
}

fn dead_letters_of(tables: &Tables) -> Result<&str, StoreError> {
    tables.dead_letters.as_deref().ok_or_else(|| {
        let source = "the environment names no DEAD_LETTERS_TABLE".into();
        StoreError::Refused { operation: "commit", source }
    })
}

fn decide_run(change: &RunChange, table: &str) -> Result<TransactWriteItem, BuildError> {
    update(inbox::key_of(&change.run.key), inbox::decision(change), table)
}

fn end(tx: &Transaction, table: &str) -> Result<TransactWriteItem, BuildError> {
    update(inbox::key_of(&tx.completion().run.key), inbox::end(tx), table)
}

fn update(key: Attributes, update: Change, table: &str) -> Result<TransactWriteItem, BuildError> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(key))
        .update_expression(update.expression())
        .set_condition_expression(update.condition())
        .set_expression_attribute_names(Some(update.names))
        .set_expression_attribute_values(Some(update.values))
        .build()?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn malformed(error: BuildError) -> StoreError {
    StoreError::Refused { operation: "commit", source: Box::new(error) }
}
