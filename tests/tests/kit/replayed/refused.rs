//! What a handler that is not replayable does about `again`: nothing.

use std::slice::from_ref;
use std::time::Duration;

use postroom::port::{FailureClass, RunStatus};
use postroom::{Classify, DecodeError, Disposition, Redrive, Runtime, TaskFailed, Verdict};

use crate::office::{instead, last_sent, letter, office, operator};
use crate::reacting::Hear;
use crate::replayed::{Charge, key_of, marked, shop, status, table};
use crate::shop::{ScriptedBank, Shop, key};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

#[test]
fn a_table_tells_who_is_replayable_and_how_long_runs_are_remembered() {
    let (yes, no) = (table::<true>(), table::<false>());
    let day = Duration::from_hours(24);

    assert!(yes.replayable("charge-card", "order.placed"));
    assert!(!no.replayable("charge-card", "order.placed"));
    assert!(!yes.replayable("charge-card", "order.paid"), "no row sends it any");
    assert!(!yes.replayable("write-note", "note.write"), "nobody said so");
    assert_eq!(yes.remembered("charge-card", "order.placed"), 90 * day);
    assert_eq!(yes.remembered("write-note", "note.write"), Runtime::REMEMBERS);
}

#[test]
fn it_is_refused_for_good() {
    let error = DecodeError::NotReplayable { handler: "charge-card" };

    assert_eq!(error.verdict(), Verdict::Permanent);
}

#[tokio::test]
async fn it_is_parked_and_neither_done_nor_in_the_way_of_what_is_to_be_done() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<false>(&bank);
    let record = shop.placed("1").await;
    let again = marked(&record, 1, true);

    assert_eq!(worker.process(from_ref(&again), None).await, [ACKNOWLEDGE]);

    assert!(bank.keys.lock().unwrap().is_empty());
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.class, letter.handler.as_deref()), (FailureClass::Permanent, None));
    assert_eq!(letter.body, again.body);
    assert!(letter.reason().contains("charge-card is not replayable"), "{}", letter.reason());
    assert_eq!(status(&shop, &key_of(&record, 1)).await, None);
    worker.process(from_ref(&record), None).await;
    assert_eq!(*bank.keys.lock().unwrap(), [key(&record).to_string()]);
}

#[tokio::test]
async fn nothing_follows_from_having_refused_it() {
    let mut table = table::<false>();
    table.row::<TaskFailed>().in_request(Hear { fails: false });
    let shop = Shop::with(table);
    let worker = shop.worker(Charge::<false> { bank: ScriptedBank::default() });
    let record = shop.placed("1").await;
    let commits = shop.commits().len();
    let again = marked(&record, 1, true);

    worker.process(from_ref(&again), None).await;
    shop.collector().collect("charge-card", &again).await;

    assert_eq!(shop.commits().len(), commits);
    assert_eq!(shop.memory.dead_letters().len(), 1);
}

#[tokio::test]
async fn whatever_is_decided_about_it_leaves_the_messages_own_run_alone() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<false>(&bank);
    let record = shop.placed("1").await;
    worker.process(&[marked(&record, 1, true)], None).await;
    let [parked] = shop.memory.dead_letters().try_into().unwrap();

    office(&shop).redrive(&parked.id, Redrive::default(), &operator(&shop)).await.unwrap();
    worker.process(&[last_sent(&shop)], None).await;
    let returned = letter(&shop, "charge-card#sqs-last").await;
    let body = returned.body.replace(r#""order":"1""#, r#""order":"2""#);
    let edit = instead(&body);
    office(&shop).edit(&returned.id, edit, &operator(&shop)).await.unwrap();
    worker.process(&[last_sent(&shop)], None).await;

    assert!(bank.keys.lock().unwrap().is_empty(), "an edit takes no mark away");
    assert_eq!(status(&shop, &key(&record)).await, None);
    worker.process(from_ref(&record), None).await;
    assert_eq!(status(&shop, &key(&record)).await, Some((RunStatus::Done, 0)));
}

/// One handler may be replayable for one of its types and not for another.
#[tokio::test]
async fn a_message_that_its_queue_gives_up_is_refused_by_the_table() {
    let shop = Shop::with(table::<true>());
    let record = shop.placed("1").await;
    let stranger = marked(&record, 1, true);
    let stranger =
        postroom::Record { body: stranger.body.replace("order.placed", "order.paid"), ..stranger };

    shop.collector().collect("charge-card", &stranger).await;

    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.handler, None);
    assert!(letter.reason().contains("not replayable"), "{}", letter.reason());
}
