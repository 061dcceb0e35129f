//! Read models: every event of a stream is applied once and in order, whatever becomes of the records that tell of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use postroom::port::{FailureClass, LetterStatus};
use postroom::{
    DeadLetterOffice, Disposition, Edit, ItemWrite, Rebuilds, Redrive, Refuse as _, StreamRecord,
    WakeUp,
};

use crate::order_views::{Trouble, more, projector, shop_with, shown, told, total};
use crate::shop::Mishap;

#[tokio::test]
async fn each_event_is_applied_once_and_in_order_whatever_order_it_is_told_in() {
    let shop = shop_with("1", 4).await;
    let projector = projector(&shop, &Trouble::default());

    for version in [2, 1, 4, 4, 3, 1] {
        assert_eq!(projector.process(&[told("1", version)], None).await, None);
    }

    assert_eq!(shown(&shop, "1").await, [1, 2, 3, 4]);
    assert_eq!(total(&shop).await, 4);
}

#[tokio::test]
async fn what_was_never_told_of_is_read_from_the_journal() {
    let shop = shop_with("1", 250).await;
    let projector = projector(&shop, &Trouble::default());

    let again = projector.process(&[told("1", 2)], None).await;

    assert_eq!(again, None);
    assert_eq!(shown(&shop, "1").await, (1..=250).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_applied_is_known_though_the_inbox_has_forgotten_it() {
    let shop = shop_with("1", 2).await;
    let projector = projector(&shop, &Trouble::default());
    projector.process(&[told("1", 2)], None).await;
    shop.clock.advance(Duration::from_hours(40 * 24));

    let again = projector.process(&[told("1", 1), told("1", 2)], None).await;

    assert_eq!(again, None);
    assert_eq!(shown(&shop, "1").await, [1, 2]);
}

/// Its run is remembered as done, and that must not be taken for applied, nor for parked: nobody would ever look.
#[tokio::test]
async fn a_read_model_that_has_lost_what_it_had_holds_its_shard_up_until_it_is_rebuilt() {
    let shop = shop_with("1", 2).await;
    let projector = projector(&shop, &Trouble::default());
    projector.process(&[told("1", 2)], None).await;
    shop.memory.lose(|key| key.to_string().contains("@1"));

    let began = shop.now();
    let again = projector.process(&[told("1", 2)], None).await;

    assert_eq!((again, shown(&shop, "1").await), (Some(0), vec![]));
    assert!(postroom::between(began, shop.now()) >= Duration::from_secs(10));
    Rebuilds::new(shop.runtime.clone(), ["order-view"])
        .request("order-view", &shop.origin())
        .await
        .unwrap();
    projector.walk(None).await.unwrap();
    assert_eq!(projector.process(&[told("1", 2)], None).await, None);
    assert_eq!(shown(&shop, "1").await, [1, 2]);
}

#[tokio::test]
async fn an_event_and_the_position_behind_it_commit_as_one() {
    let shop = shop_with("1", 1).await;
    let before = shop.commits().len();

    projector(&shop, &Trouble::default()).process(&[told("1", 1)], None).await;

    let [commit] = &shop.commits()[before..] else { panic!("not one transaction") };
    let written = commit.items().iter().map(|item| match item {
        ItemWrite::Save { key, .. } => key.to_string(),
        other => panic!("{other:?} has no guard"),
    });
    let written: Vec<_> = written.collect();
    assert_eq!(
        written,
        [
            "demo#order-views@1/1",
            "demo#projection-positions@1#order-view/orders/1",
            "demo#totals@1/all",
        ]
    );
}

#[tokio::test]
async fn of_two_invocations_at_the_same_time_one_applies_an_event() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.twin(projector(&shop, &trouble), told("1", 1));

    let again = projector(&shop, &trouble).process(&[told("1", 1)], None).await;

    assert_eq!(again, None);
    assert_eq!(trouble.tried.load(Ordering::SeqCst), 2);
    assert_eq!((shown(&shop, "1").await, total(&shop).await), (vec![1], 1));
    assert!(shop.memory.dead_letters().is_empty());
}

#[tokio::test]
async fn streams_that_share_an_item_lose_nothing_to_each_other() {
    let shop = shop_with("1", 1).await;
    more(&shop, "2", 1).await;
    let trouble = Trouble::default();
    trouble.twin(projector(&shop, &trouble), told("2", 1));

    let again = projector(&shop, &trouble).process(&[told("1", 1)], None).await;

    assert_eq!((again, total(&shop).await), (None, 2));
}

#[tokio::test]
async fn an_event_whose_commit_has_no_answer_is_applied_once() {
    let shop = shop_with("1", 2).await;
    shop.mishaps([Mishap::AnswerLost, Mishap::RequestLost, Mishap::LostRace]);

    let again = projector(&shop, &Trouble::default()).process(&[told("1", 2)], None).await;

    assert_eq!(again, None);
    assert_eq!((shown(&shop, "1").await, total(&shop).await), (vec![1, 2], 2));
}

#[tokio::test]
async fn a_shard_stops_at_its_first_failure_and_goes_on_there() {
    let shop = shop_with("1", 1).await;
    more(&shop, "2", 1).await;
    more(&shop, "3", 1).await;
    let trouble = Trouble::default();
    let projector = projector(&shop, &trouble);
    let records = [told("1", 1), told("2", 1), told("3", 1)];
    projector.process(&records[..1], None).await;
    trouble.paper_out.store(1, Ordering::SeqCst);

    let first = projector.process(&records, None).await;
    let not_begun = shown(&shop, "3").await;
    let second = projector.process(&records[1..], None).await;

    assert_eq!((first, not_begun, second), (Some(1), vec![], None));
    assert_eq!(total(&shop).await, 3);
}

#[tokio::test]
async fn a_failed_record_comes_back_after_a_pause_that_its_deadline_allows() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.paper_out.store(4, Ordering::SeqCst);
    let projector = projector(&shop, &trouble);

    let mut longest = Duration::ZERO;
    for _ in 0..4 {
        let began = shop.now();
        let deadline = began + Duration::from_mins(1);
        assert_eq!(projector.process(&[told("1", 1)], Some(deadline)).await, Some(0));
        longest = longest.max(postroom::between(began, shop.now()));
    }

    assert!(longest > Duration::ZERO && longest <= Duration::from_secs(20), "{longest:?}");
}

#[tokio::test]
async fn what_panics_is_a_failed_attempt() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.panics.store(1, Ordering::SeqCst);
    let projector = projector(&shop, &trouble);

    let first = projector.process(&[told("1", 1)], None).await;
    let second = projector.process(&[told("1", 1)], None).await;

    assert_eq!((first, second), (Some(0), None));
    assert_eq!(shown(&shop, "1").await, [1]);
}

#[tokio::test]
async fn nothing_is_begun_in_the_last_second() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    let deadline = shop.now() + Duration::from_secs(1);

    let again = projector(&shop, &trouble).process(&[told("1", 1)], Some(deadline)).await;

    assert_eq!(again, Some(0));
    assert_eq!(trouble.tried.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_invocation_applies_a_thousand_events_and_the_next_goes_on() {
    let shop = shop_with("1", 1_001).await;
    let projector = projector(&shop, &Trouble::default());

    let first = projector.process(&[told("1", 1_001)], None).await;
    let so_far = total(&shop).await;
    let second = projector.process(&[told("1", 1_001)], None).await;

    assert_eq!((first, so_far, second), (Some(0), 1_000, None));
    assert_eq!(total(&shop).await, 1_001);
}

#[tokio::test]
async fn a_record_that_tells_nothing_is_parked_alone() {
    let shop = shop_with("1", 1).await;
    let mut record = told("1", 1);
    record.wake_up = WakeUp::of_key("nonsense", "1");
    record.body = r#"{"eventID":"1"}"#.to_owned();

    let records = [record, told("1", 1)];
    let again = projector(&shop, &Trouble::default()).process(&records, None).await;

    assert_eq!(again, None);
    assert_eq!(shown(&shop, "1").await, [1]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.id.as_str(), letter.queue.as_str()), ("project-views#1-1", "project-views"));
    assert!(letter.reason().contains("`stream`"), "{}", letter.reason());
}

#[tokio::test]
async fn a_poisoned_event_is_parked_and_other_streams_go_on() {
    let shop = shop_with("1", 2).await;
    more(&shop, "2", 1).await;
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert("1".to_owned());

    let records = [told("1", 1), told("1", 2), told("2", 1)];
    let again = projector(&shop, &trouble).process(&records, None).await;

    assert_eq!(again, None);
    assert_eq!((shown(&shop, "1").await, shown(&shop, "2").await), (vec![], vec![1]));
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.class, FailureClass::Permanent);
    assert_eq!(letter.handler.as_deref(), Some("order-view"));
    assert_eq!(letter.causes.last().unwrap(), "order 1 cannot be shown");
}

#[tokio::test]
async fn an_event_that_always_fails_is_parked_after_its_attempts() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.paper_out.store(u32::MAX, Ordering::SeqCst);
    let projector = projector(&shop, &trouble);

    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(projector.process(&[told("1", 1)], None).await);
    }

    assert_eq!(answers, [Some(0), Some(0), Some(0), Some(0), None, None]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!((letter.attempts, letter.class), (5, FailureClass::Exhausted));
}

#[tokio::test]
async fn a_redriven_event_is_applied_and_what_waited_behind_it() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert("1".to_owned());
    let projector = projector(&shop, &trouble);
    projector.process(&[told("1", 1)], None).await;
    shop.mention("1").await;
    projector.process(&[told("1", 2)], None).await;
    assert_eq!(shown(&shop, "1").await, [0_u64; 0]);
    trouble.poisoned.lock().unwrap().clear();

    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));
    office.redrive(&letter.id, Redrive::default(), &shop.origin()).await.unwrap();
    let [sent] = shop.queue.sent("project-views").try_into().unwrap();
    let record = StreamRecord { wake_up: WakeUp::of_body(&sent.body), ..told("1", 1) };
    let done = projector.redriven(&record, None).await;

    assert_eq!(done, Disposition::Acknowledge);
    assert_eq!(shown(&shop, "1").await, [1, 2]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.status, LetterStatus::Redriven);
}

#[tokio::test]
async fn an_event_is_neither_left_out_of_a_read_model_nor_another_in_its_place() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert("1".to_owned());
    projector(&shop, &trouble).process(&[told("1", 1)], None).await;
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));

    let body = letter.body.clone();
    let edit = Edit { body: &body, again: true };
    let edited = office.edit(&letter.id, edit, &shop.origin()).await.unwrap_err();
    let discarded = office.discard(&letter.id, "nobody asks", &shop.origin()).await.unwrap_err();

    for code in [edited.refusal().unwrap().code, discarded.refusal().unwrap().code] {
        assert_eq!(code, "dead-letter-projected");
    }
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert_eq!(letter.status, LetterStatus::Open);
}

#[tokio::test]
async fn streams_that_nobody_reads_cost_nothing() {
    let shop = shop_with("1", 1).await;
    let mut record = told("1", 1);
    record.wake_up = WakeUp::of_key("demo#ships/1", "1");
    let before = shop.commits().len();

    let again = projector(&shop, &Trouble::default()).process(&[record], None).await;

    assert_eq!((again, shop.commits().len() - before), (None, 0));
}
