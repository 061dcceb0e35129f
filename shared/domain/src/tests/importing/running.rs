//! Imports that come to their end.

use postroom::Disposition;

use super::world::World;
use super::{file, somebody};
use crate::contact_imports::csv::Rejection;
use crate::contact_imports::limits::{FAN_OUT, MAX_ROWS, ROWS_PER_CHUNK};
use crate::contact_imports::{
    CancelContactImport, ContactImportCancelled, ContactImportCompleted, ContactImportCreated,
    ContactImportStarted, Counts, ImportChunk, ImportSpread, ImportStatus,
};
use crate::contacts::ContactAdded;

fn counts(imported: u64, duplicates: u64, rejected: u64) -> Counts {
    Counts { imported, duplicates, rejected }
}

#[tokio::test]
async fn every_row_becomes_a_contact_is_a_duplicate_or_is_rejected_with_its_reason() {
    let world = World::new();
    let people = file(60, |number| match number {
        10 => "no address,Person,".to_owned(),
        20 => " P5@Example.com ,Again,".to_owned(),
        30 => "p30@example.com,,".to_owned(),
        40 => somebody(41),
        50 => format!("p50@example.com,Person 50,{}", "1".repeat(41)),
        number => somebody(number),
    });

    let view = world.import(people.as_bytes()).await;

    assert_eq!((view.status, view.total, view.processed), (ImportStatus::Completed, 60, 60));
    assert_eq!(view.counts, counts(55, 2, 3));
    assert!(view.started_at.is_some() && view.finished_at.is_some() && view.reason.is_none());
    assert_eq!((world.contacts().len(), world.events::<ContactAdded>()), (55, 55));
    let rejected = |line, column: &str, reason: &str| Rejection {
        line,
        column: Some(column.to_owned()),
        reason: reason.to_owned(),
    };
    let address =
        "has a character that no address has here: letters, digits and signs of ASCII only";
    let expected = [
        rejected(12, "email", address),
        rejected(32, "name", "has to be 1-200 characters"),
        rejected(52, "phone", "has to be 1-40 characters"),
    ];
    assert_eq!(world.rejected(view.id).await, expected);
}

#[tokio::test]
async fn what_happens_to_an_import_are_events_of_the_chain_it_was_asked_for_in() {
    let world = World::new();

    world.import(file(30, somebody).as_bytes()).await;

    let records = world.memory.journal_records();
    assert!(records.iter().all(|record| record.envelope.correlation_id.as_str() == "req-1"));
    let of_import = [
        world.events::<ContactImportCreated>(),
        world.events::<ContactImportStarted>(),
        world.events::<ContactImportCompleted>(),
    ];
    assert_eq!(of_import, [1, 1, 1]);
}

#[tokio::test]
async fn the_same_file_uploaded_again_imports_nothing_new() {
    let world = World::new();
    let people = file(100, |number| somebody(number % 90));
    let first = world.import(people.as_bytes()).await;

    let again = world.import(people.as_bytes()).await;

    assert_eq!(first.counts, counts(90, 10, 0));
    assert_eq!((again.status, again.counts), (ImportStatus::Completed, counts(0, 100, 0)));
    assert_eq!((world.contacts().len(), world.events::<ContactAdded>()), (90, 90));
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    let world = World::new();
    let (import_id, told) = world.begun(file(50, somebody).as_bytes()).await;

    world.deliver(&[told.clone(), told.clone()]).await;
    world.finish().await;
    let before = (world.view(import_id).await, world.memory.journal_records().len());
    world.deliver(&[told]).await;
    world.finish().await;
    world.deliver(&world.sent()).await;

    assert_eq!(before.0.counts, counts(50, 0, 0));
    assert_eq!((world.view(import_id).await, world.memory.journal_records().len()), before);
}

#[tokio::test]
async fn a_file_that_is_put_twice_at_once_begins_its_import_once() {
    let world = World::new();
    let (import_id, told) = world.begun(file(50, somebody).as_bytes()).await;
    let again = world.uploaded(import_id, file(50, somebody).as_bytes()).await;

    world.deliver(&[told, again]).await;
    world.finish().await;

    assert_eq!(world.events::<ContactImportStarted>(), 1);
    assert_eq!(world.view(import_id).await.counts, counts(50, 0, 0));
}

#[tokio::test]
async fn chunks_of_one_counter_side_by_side_are_all_counted() {
    let world = World::new();
    // Every 32nd chunk is counted by the same.
    let rows = 65 * usize::try_from(ROWS_PER_CHUNK).unwrap();
    let (import_id, told) = world.begun(file(rows, somebody).as_bytes()).await;
    world.deliver(&[told]).await;
    world.deliver(&world.sent_of::<ImportSpread>()).await;
    let chunks = world.sent_of::<ImportChunk>();

    world.deliver(&[0, 32, 64].map(|ordinal: usize| chunks[ordinal].clone())).await;

    assert_eq!(world.view(import_id).await.processed, 3 * u64::from(ROWS_PER_CHUNK));
}

#[tokio::test]
async fn a_chunk_that_is_all_new_and_completes_its_import_fits_its_transaction() {
    let world = World::new();
    let rows = usize::try_from(ROWS_PER_CHUNK).unwrap();

    let view = world.import(file(rows, somebody).as_bytes()).await;

    assert_eq!(world.sent_of::<ImportChunk>().len(), 1);
    assert_eq!(
        (view.status, view.counts.imported),
        (ImportStatus::Completed, u64::from(ROWS_PER_CHUNK))
    );
}

#[tokio::test]
async fn the_largest_file_is_sent_off_in_two_steps() {
    let world = World::new();
    let rows = usize::try_from(MAX_ROWS).unwrap();
    let (import_id, told) = world.begun(file(rows, somebody).as_bytes()).await;

    let begun = world.deliver(&[told]).await;
    let spreads = world.sent_of::<ImportSpread>();
    let spread = world.deliver(&spreads[..1]).await;

    assert_eq!([begun, spread], [[Disposition::Acknowledge]; 2]);
    assert_eq!(spreads.len(), rows.div_ceil(ROWS_PER_CHUNK as usize).div_ceil(FAN_OUT));
    assert_eq!(world.sent_of::<ImportChunk>().len(), FAN_OUT);
    let view = world.view(import_id).await;
    assert_eq!((view.status, view.total), (ImportStatus::Running, MAX_ROWS));
}

#[tokio::test]
async fn a_file_without_rows_is_completed_at_once() {
    let world = World::new();

    let view = world.import(b"email,name\n").await;

    assert_eq!((view.status, view.total), (ImportStatus::Completed, 0));
    assert_eq!(world.events::<ContactImportCompleted>(), 1);
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_cancelled_import_goes_no_further_and_what_was_imported_stays() {
    let world = World::new();
    let (import_id, told) = world.begun(file(100, somebody).as_bytes()).await;
    world.deliver(&[told]).await;
    world.deliver(&world.sent_of::<ImportSpread>()).await;
    world.deliver(&world.sent_of::<ImportChunk>()[..2]).await;

    world.execute(&CancelContactImport { import_id }).await.unwrap();
    world.finish().await;

    let view = world.view(import_id).await;
    assert_eq!((view.status, view.total, view.processed), (ImportStatus::Cancelled, 100, 48));
    assert_eq!(world.contacts().len(), 48);
    assert_eq!(world.events::<ContactImportCancelled>(), 1);
    assert!(world.memory.dead_letters().is_empty());
    let again = world.execute(&CancelContactImport { import_id }).await;
    assert!(again.is_err(), "what is over cannot be stopped");
}

#[tokio::test]
async fn the_file_of_a_cancelled_import_is_not_read() {
    let world = World::new();
    let (import_id, told) = world.begun(file(1, somebody).as_bytes()).await;
    world.execute(&CancelContactImport { import_id }).await.unwrap();

    world.deliver(&[told]).await;

    assert_eq!(world.view(import_id).await.status, ImportStatus::Cancelled);
    assert!(world.sent().is_empty() && world.events::<ContactImportStarted>() == 0);
}
