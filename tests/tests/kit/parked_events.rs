//! An event that a read model cannot apply: whoever has to know of it does, and nobody does away with it.

use std::sync::Arc;

use postroom::doc_example::{Settings, reactions};
use postroom::{
    BuildState, DeadLetterOffice, Edit, ItemWrite, Origin, RawEnvelope, Record, Redrive,
    Refuse as _, StreamRecord, TaskFailed, WakeUp,
};

use crate::lines::{counts, said};
use crate::order_views::{
    Trouble, more, projector, shop_with, shop_with_table, shown, told, total,
};
use crate::reacting::{Hear, HearLater};
use crate::rebuilding::{made, rebuilds, status};
use crate::shop::Shop;

/// A projector that cannot show an order.
fn poisoned(order: &str) -> Trouble {
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert(order.to_owned());
    trouble
}

async fn ask(shop: &Shop) {
    rebuilds(shop).request("order-view", &shop.origin()).await.unwrap();
}

/// An order that is shown, another build that is asked for, and an order behind it that nobody has heard of.
async fn shop_being_rebuilt(hearing_fails: bool) -> Shop {
    let mut table = reactions(&Settings { most_open_orders: 20 });
    let mut failed = table.row::<TaskFailed>();
    failed.in_request(Hear { fails: hearing_fails });
    failed.queued::<HearLater, _>();
    let shop = shop_with_table(table, "1", 1).await;
    projector(&shop, &Trouble::default()).process(&[told("1", 1)], None).await;
    ask(&shop).await;
    more(&shop, "2", 1).await;
    shop
}

fn held_up(status: postroom::ProjectionStatus) -> Vec<String> {
    status.building.unwrap().held_up
}

/// What its letter cannot be without is no reaction, which is left out where it fails: the build would be read although it
/// has left an event out.
#[tokio::test]
async fn a_build_learns_of_a_parked_event_though_nobody_else_can_be_told_of_it() {
    let shop = shop_being_rebuilt(true).await;

    let again = projector(&shop, &poisoned("2")).process(&[told("2", 1)], None).await;

    assert_eq!((again, shop.memory.dead_letters().len()), (None, 2));
    assert_eq!(held_up(status(&shop).await), ["demo#orders/2"]);
}

#[tokio::test]
async fn an_event_of_which_its_build_cannot_be_told_is_not_parked_but_comes_again() {
    let shop = shop_being_rebuilt(false).await;
    let trouble = poisoned("2");
    let projector = projector(&shop, &trouble);
    projector.process(&[told("2", 1)], None).await;
    more(&shop, "3", 1).await;
    trouble.poisoned.lock().unwrap().insert("3".to_owned());
    let store = Arc::clone(&shop.store);
    *trouble.meanwhile.lock().unwrap() = Some(Box::pin(async move { store.lose_builds(true) }));

    let again = projector.process(&[told("3", 1)], None).await;
    let untold = shop.memory.dead_letters().len();
    shop.store.lose_builds(false);
    let done = projector.process(&[told("3", 1)], None).await;

    assert_eq!((again, untold, done), (Some(0), 2, None));
    assert_eq!(shop.memory.dead_letters().len(), 4);
    assert_eq!(held_up(status(&shop).await), ["demo#orders/2", "demo#orders/3"]);
}

/// All that park events of one projection meet at that item.
#[tokio::test]
async fn a_stream_that_is_known_to_stand_still_is_not_written_down_again() {
    let shop = shop_being_rebuilt(false).await;
    let projector = projector(&shop, &poisoned("2"));
    projector.process(&[told("2", 1)], None).await;
    let letters = shop.memory.dead_letters();
    let letter = letters.iter().find(|letter| letter.id.starts_with("order-view@2#")).unwrap();
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));
    office.redrive(&letter.id, Redrive::default(), &shop.origin()).await.unwrap();
    let before = shop.commits().len();

    projector.process(&[told("2", 1)], None).await;

    let commits = shop.commits();
    let parked = commits[before..].iter().find(|commit| commit.parked().is_some()).unwrap();
    let of_builds = |write: &&ItemWrite| matches!(write, ItemWrite::Save { key, .. } if key.partition.as_str() == "#projections");
    assert_eq!(parked.items().iter().find(of_builds), None);
}

/// A queue takes the second of one id for a duplicate.
#[tokio::test]
async fn two_builds_that_cannot_apply_an_event_are_two_failures() {
    let shop = shop_being_rebuilt(false).await;

    projector(&shop, &poisoned("2")).process(&[told("2", 1)], None).await;

    let told = shop.queue.sent("hear-later").into_iter().map(|row| {
        let told = RawEnvelope::parse(&row.body).unwrap().decode::<TaskFailed>().unwrap();
        (told.data.dead_letter_id.clone(), told.id)
    });
    let [(first, first_id), (second, second_id)] = told.collect::<Vec<_>>().try_into().unwrap();
    assert!(first.starts_with("order-view#") && second.starts_with("order-view@2#"));
    assert_ne!(first_id, second_id);
}

#[tokio::test]
async fn what_tells_nothing_is_parked_once_though_there_are_two_builds() {
    let shop = shop_being_rebuilt(false).await;
    let projector = projector(&shop, &Trouble::default());
    let record = StreamRecord { wake_up: WakeUp::of_key("nonsense", "1"), ..told("1", 1) };

    let lines = said(projector.process(&[record], None)).await;

    assert_eq!(counts(&lines), ["permanent=1"]);
}

/// Its queue gives it up after a hundred receives, and then the letter is the collector's and names the queue alone.
#[tokio::test]
async fn an_event_that_a_queue_gave_up_on_its_way_back_can_only_be_redriven() {
    let shop = shop_with("1", 1).await;
    let body = shop.memory.journal_records()[0].envelope.to_body();
    let record =
        Record { message_id: "m1".to_owned(), body, group: None, receives: 100, refused: None };
    shop.collector().collect("project-views", &record).await;
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));

    let edit = Edit { body: &record.body, again: true };
    let edited = office.edit(&letter.id, edit, &shop.origin()).await.unwrap_err();
    let discarded = office.discard(&letter.id, "nobody asks", &shop.origin()).await.unwrap_err();
    let redriven = office.redrive(&letter.id, Redrive::default(), &shop.origin()).await;

    for code in [edited.refusal().unwrap().code, discarded.refusal().unwrap().code] {
        assert_eq!(code, "dead-letter-projected");
    }
    assert_eq!(redriven.unwrap().output.queue, "project-views");
}

/// The chain of whoever asked first says what came of that request, and ends there.
#[tokio::test]
async fn a_walk_is_in_the_chain_of_whoever_asked_for_it_last() {
    let shop = shop_with("1", 1).await;
    let trouble = poisoned("1");
    ask(&shop).await;
    projector(&shop, &trouble).walk(None).await.unwrap();
    let begun = status(&shop).await.building.unwrap();
    assert_eq!(begun.state, BuildState::HeldUp);
    let origin = Origin { correlation_id: "again".parse().unwrap(), ..shop.origin() };

    let asked = rebuilds(&shop).request("order-view", &origin).await.unwrap().output;
    projector(&shop, &trouble).walk(None).await.unwrap();

    let asked = asked.building.unwrap();
    assert_eq!((asked.state, asked.events), (BuildState::Walking, 0));
    assert_eq!((asked.generation, asked.started_at), (begun.generation, begun.started_at));
    let commits = shop.commits();
    let step = commits.iter().rfind(|commit| commit.completion().run.handler == "advance-walk");
    assert_eq!(step.unwrap().completion().run.correlation_id.as_str(), "again");
}

/// The table is restored from before the first rebuild: what that has done is remembered by the inbox alone.
#[tokio::test]
async fn a_build_whose_number_was_used_before_a_table_was_restored_is_made_all_the_same() {
    let shop = shop_with("1", 3).await;
    let projector = projector(&shop, &Trouble::default());
    ask(&shop).await;
    projector.walk(None).await.unwrap();
    let before = made(&shop, "2");
    shop.memory
        .lose(|key| key.to_string().contains('@') || key.to_string().contains("#projections"));

    ask(&shop).await;
    projector.walk(None).await.unwrap();

    assert_eq!(serde_json::to_value(status(&shop).await.live).unwrap(), 2);
    assert_eq!((shown(&shop, "1").await, total(&shop).await), (vec![1, 2, 3], 3));
    assert_eq!(made(&shop, "2"), before);
}

/// A shop whose second build was made, and forgotten when its table was restored; and asked for once more.
async fn shop_restored(trouble: &Trouble) -> Shop {
    let shop = shop_with("1", 3).await;
    ask(&shop).await;
    projector(&shop, trouble).walk(None).await.unwrap();
    shop.memory
        .lose(|key| key.to_string().contains('@') || key.to_string().contains("#projections"));
    ask(&shop).await;
    shop
}

/// Its run is remembered as done, so that its failure can be neither counted nor parked.
#[tokio::test]
async fn an_event_that_fails_where_it_was_done_before_holds_its_build_up_and_no_shard() {
    let trouble = Trouble::default();
    let shop = shop_restored(&trouble).await;
    let projector = projector(&shop, &trouble);
    trouble.poisoned.lock().unwrap().insert("1".to_owned());

    let told = projector.process(&[told("1", 3)], None).await;
    let walked = projector.walk(None).await.unwrap();
    let building = status(&shop).await.building.unwrap();
    trouble.poisoned.lock().unwrap().clear();
    ask(&shop).await;
    projector.walk(None).await.unwrap();

    assert_eq!((told, walked.events), (None, 0));
    assert_eq!((building.state, building.held_up), (BuildState::HeldUp, Vec::<String>::new()));
    let reason = "version 1 of demo#orders/1 failed, and is remembered as done by an earlier build of this number";
    assert_eq!(building.reason.as_deref(), Some(reason));
    assert_eq!(serde_json::to_value(status(&shop).await.live).unwrap(), 2);
    assert_eq!((shown(&shop, "1").await, total(&shop).await), (vec![1, 2, 3], 3));
}

/// Nobody counts how often: it would be tried for ever.
#[tokio::test]
async fn a_walk_ends_where_an_event_fails_that_was_done_before_though_it_may_pass() {
    let trouble = Trouble::default();
    let shop = shop_restored(&trouble).await;
    trouble.paper_out.store(1, std::sync::atomic::Ordering::SeqCst);

    projector(&shop, &trouble).walk(None).await.unwrap();

    let building = status(&shop).await.building.unwrap();
    assert_eq!((building.state, building.reason.is_some()), (BuildState::HeldUp, true));
    assert_eq!(shop.memory.dead_letters(), []);
}

/// Nobody reads what is being made, and what it applies is as old as the journal.
#[tokio::test]
async fn how_late_events_are_is_measured_in_the_build_that_is_read() {
    let shop = shop_with("1", 1).await;
    let projector = projector(&shop, &Trouble::default());
    projector.process(&[told("1", 1)], None).await;
    ask(&shop).await;
    shop.mention("1").await;
    shop.clock.advance(std::time::Duration::from_secs(30));

    let lines = said(projector.process(&[told("1", 2)], None)).await;
    let walked = said(projector.walk(None)).await;

    let lags: Vec<_> = lines.iter().filter_map(|line| line["lag_ms"].as_u64()).collect();
    assert_eq!(
        (lags, lines.iter().filter(|line| line["processed"] == 1).count()),
        (vec![30_000], 3)
    );
    assert!(walked.iter().all(|line| line["lag_ms"].is_null()));
}
