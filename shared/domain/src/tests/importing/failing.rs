//! Imports that do not come to their end, and say why.

use std::time::Duration;

use postroom::Disposition;

use super::world::World;
use super::{file, somebody};
use crate::contact_imports::{ContactImportFailed, ImportChunk, ImportSpread, ImportStatus};

#[tokio::test]
async fn a_file_that_cannot_be_imported_fails_its_import_with_the_line_and_nothing_is_written() {
    let world = World::new();
    let latin = include_bytes!("../../../../../events/csv/latin-1.csv");

    let view = world.import(latin).await;

    let reason = "the file is not UTF-8: line 3 is not, from byte 55 of the file on";
    assert_eq!((view.status, view.reason.as_deref()), (ImportStatus::Failed, Some(reason)));
    assert_eq!((view.total, view.processed), (0, 0));
    assert!(view.finished_at.is_some());
    assert!(world.sent().is_empty() && world.contacts().is_empty());
    assert_eq!(world.events::<ContactImportFailed>(), 1);
    assert!(world.memory.dead_letters().is_empty(), "it is nobody's work any more");
}

#[tokio::test]
async fn a_file_that_is_replaced_before_it_is_read_is_left_to_the_notice_of_the_other() {
    let world = World::new();
    let (import_id, first) = world.begun(file(3, somebody).as_bytes()).await;
    let second = world.uploaded(import_id, file(5, somebody).as_bytes()).await;

    world.deliver(&[first]).await;
    let before = world.view(import_id).await.status;
    world.deliver(&[second]).await;
    world.finish().await;

    assert_eq!(before, ImportStatus::Waiting);
    let view = world.view(import_id).await;
    assert_eq!((view.status, view.total, view.processed), (ImportStatus::Completed, 5, 5));
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_imported_fails_its_import() {
    let world = World::new();
    let (import_id, told) = world.begun(file(100, somebody).as_bytes()).await;
    world.deliver(&[told]).await;
    world.deliver(&world.sent_of::<ImportSpread>()).await;
    world.deliver(&world.sent_of::<ImportChunk>()[..1]).await;

    let other = world.uploaded(import_id, b"email,name\nother@example.com,Other\n").await;
    world.deliver(&[other]).await;
    world.finish().await;

    let view = world.view(import_id).await;
    let reason = "the file was replaced or removed while it was being imported";
    assert_eq!((view.status, view.reason.as_deref()), (ImportStatus::Failed, Some(reason)));
    assert_eq!((view.processed, world.contacts().len()), (24, 24));
    assert_eq!(world.events::<ContactImportFailed>(), 1);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_reached_is_asked_again() {
    let world = World::new();
    let (import_id, told) = world.begun(file(3, somebody).as_bytes()).await;
    world.objects.fail(1);

    let [first] = world.deliver(std::slice::from_ref(&told)).await[..] else {
        panic!("one record")
    };
    let again = world.deliver(&[told]).await;
    world.finish().await;

    assert!(matches!(first, Disposition::Redeliver { .. }));
    assert_eq!(again, [Disposition::Acknowledge]);
    assert_eq!(world.view(import_id).await.status, ImportStatus::Completed);
}

#[tokio::test]
async fn a_part_that_we_give_up_on_fails_its_import_and_its_owner_is_told_whose_fault_it_was() {
    let world = World::new();
    let (import_id, told) = world.begun(file(30, somebody).as_bytes()).await;
    world.deliver(&[told]).await;
    world.deliver(&world.sent_of::<ImportSpread>()).await;
    let chunks = world.sent_of::<ImportChunk>();

    world.objects.fail(5);
    for _ in 0..5 {
        world.clock.advance(Duration::from_hours(1));
        world.deliver(&chunks[..1]).await;
    }
    world.deliver(&chunks[1..]).await;

    let view = world.view(import_id).await;
    assert_eq!((view.status, view.processed), (ImportStatus::Failed, 0));
    assert!(view.reason.unwrap().contains("a fault of ours"));
    assert_eq!(world.memory.dead_letters().len(), 1);
}
