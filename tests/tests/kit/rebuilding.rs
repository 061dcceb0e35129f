//! Rebuilding a read model: beside the one that is read, from all of the journal, while events go on; then at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use postroom::{
    BuildState, DeadLetterOffice, ProjectionStatus, Rebuilds, Redrive, Refuse, StreamRecord,
    WakeUp, Walked,
};

use crate::order_views::{Trouble, more, projector, shop_with, shown, told, total};
use crate::shop::{Mishap, Shop};

/// What there is of a build: each item's partition and id, without the build, and what it holds.
pub(crate) fn made(shop: &Shop, generation: &str) -> Vec<(String, serde_json::Value)> {
    let build = format!("@{generation}");
    let items = shop.memory.items().into_iter();
    let of_build = items.filter(|item| item.key.partition.as_str().starts_with("demo#"));
    let of_build = of_build.filter(|item| item.key.partition.as_str().contains(&build));
    of_build.map(|item| (item.key.to_string().replace(&build, ""), item.data)).collect()
}

pub(crate) fn rebuilds(shop: &Shop) -> Rebuilds {
    Rebuilds::new(shop.runtime.clone(), ["order-view"])
}

pub(crate) async fn status(shop: &Shop) -> ProjectionStatus {
    rebuilds(shop).find("order-view").await.unwrap().unwrap()
}

pub(crate) async fn ask(shop: &Shop) -> ProjectionStatus {
    rebuilds(shop).request("order-view", &shop.origin()).await.unwrap().output
}

pub(crate) fn live(status: &ProjectionStatus) -> String {
    serde_json::to_value(status.live).unwrap().to_string()
}

/// A shop with three orders, of which the read model knows all.
pub(crate) async fn shop_shown() -> Shop {
    let shop = shop_with("1", 120).await;
    more(&shop, "2", 1).await;
    more(&shop, "3", 7).await;
    let records = [told("1", 120), told("2", 1), told("3", 7)];
    assert_eq!(projector(&shop, &Trouble::default()).process(&records, None).await, None);
    shop
}

#[tokio::test]
async fn a_build_is_made_beside_the_one_that_is_read_and_takes_its_place() {
    let shop = shop_shown().await;
    let before = made(&shop, "1");

    let asked = ask(&shop).await;
    let untouched = shown(&shop, "1").await;
    let walked = projector(&shop, &Trouble::default()).walk(None).await.unwrap();

    assert_eq!(asked.building.unwrap().state, BuildState::Walking);
    assert_eq!(untouched.len(), 120);
    assert_eq!(walked, Walked { events: 128 });
    let status = status(&shop).await;
    assert_eq!((live(&status).as_str(), status.building), ("2", None));
    assert_eq!(made(&shop, "2"), before);
    assert_eq!((shown(&shop, "3").await, total(&shop).await), ((1..=7).collect(), 128));
}

#[tokio::test]
async fn without_a_build_to_make_a_walk_writes_nothing() {
    let shop = shop_shown().await;
    let before = shop.commits().len();

    let walked = projector(&shop, &Trouble::default()).walk(None).await.unwrap();

    assert_eq!((walked, shop.commits().len()), (Walked { events: 0 }, before));
}

#[tokio::test]
async fn what_happens_while_a_build_is_made_is_applied_to_both() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());
    ask(&shop).await;

    shop.mention("2").await;
    projector.process(&[told("2", 2)], None).await;
    let (first, second) = (made(&shop, "1"), made(&shop, "2"));

    assert_eq!(shown(&shop, "2").await, [1, 2]);
    assert!(first.len() > second.len(), "{second:?}");
    let of_order = |(place, _): &&(String, serde_json::Value)| place == "demo#order-views/2";
    assert_eq!(second.iter().find(of_order), first.iter().find(of_order));
    projector.walk(None).await.unwrap();
    assert_eq!(made(&shop, "2"), made(&shop, "1"));
}

/// A projector that believed what it learned with an earlier batch would tell the old build alone, behind the walker's back.
#[tokio::test]
async fn what_is_acknowledged_after_the_walk_has_passed_is_in_the_build_that_is_read() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());
    shop.mention("2").await;
    assert_eq!(projector.process(&[told("2", 2)], None).await, None);
    ask(&shop).await;
    projector.walk(None).await.unwrap();

    shop.mention("2").await;
    let again = projector.process(&[told("2", 3)], None).await;

    assert_eq!((again, shown(&shop, "2").await), (None, vec![1, 2, 3]));
}

#[tokio::test]
async fn where_nobody_knows_which_builds_there_are_records_come_again() {
    let shop = shop_with("1", 1).await;
    let projector = projector(&shop, &Trouble::default());
    shop.store.lose_builds(true);

    let lost = projector.process(&[told("1", 1)], None).await;
    shop.store.lose_builds(false);
    let found = projector.process(&[told("1", 1)], None).await;

    assert_eq!((lost, found, shown(&shop, "1").await), (Some(0), None, vec![1]));
}

#[tokio::test]
async fn asking_while_a_build_is_made_answers_that_one() {
    let shop = shop_shown().await;

    let first = ask(&shop).await;
    shop.clock.advance(std::time::Duration::from_secs(5));
    let second = ask(&shop).await;

    assert_eq!(first, second);
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));
    let audited = office.actions("order-view").await.unwrap();
    let audited: Vec<_> = audited.iter().map(|action| action.action.as_str()).collect();
    assert_eq!(audited, ["rebuild-projection", "rebuild-projection"]);
}

#[tokio::test]
async fn what_is_no_projection_is_not_rebuilt() {
    let shop = shop_shown().await;

    let refused = rebuilds(&shop).request("order-views", &shop.origin()).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "projection-not-found");
    assert_eq!(rebuilds(&shop).find("order-views").await.unwrap(), None);
}

#[tokio::test]
async fn each_build_makes_the_next() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());

    for generation in ["2", "3", "4"] {
        ask(&shop).await;
        projector.walk(None).await.unwrap();

        assert_eq!(live(&status(&shop).await), generation);
        assert_eq!(made(&shop, generation), made(&shop, "1"));
    }
}

#[tokio::test]
async fn a_walk_begins_nothing_before_its_deadline() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());
    ask(&shop).await;

    let none = projector.walk(Some(shop.now() + std::time::Duration::from_secs(1))).await.unwrap();

    assert_eq!((none.events, status(&shop).await.building.unwrap().events), (0, 0));
}

#[tokio::test]
async fn a_walk_goes_on_behind_the_last_page_that_was_applied() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());
    ask(&shop).await;
    // That this code makes it, 120 events of one order and the first page's step, and not the next page's.
    shop.mishaps([Mishap::Spared; 122]);
    shop.mishaps([Mishap::Refused]);

    projector.walk(None).await.unwrap_err();
    let first = status(&shop).await.building.unwrap();
    let rest = projector.walk(None).await.unwrap();

    assert_eq!((first.events, rest.events), (50, 128 - 50));
    assert_eq!((status(&shop).await.building, total(&shop).await), (None, 128));
}

#[tokio::test]
async fn a_page_that_was_not_applied_whole_is_walked_again() {
    let shop = shop_with("0", 1).await;
    for order in 1..60 {
        more(&shop, &order.to_string(), 1).await;
    }
    let trouble = Trouble::default();
    let projector = projector(&shop, &trouble);
    ask(&shop).await;
    trouble.paper_out.store(1, Ordering::SeqCst);

    projector.walk(None).await.unwrap();
    let stopped = status(&shop).await;
    projector.walk(None).await.unwrap();

    assert_eq!(stopped.building.unwrap().events, 0);
    assert_eq!((live(&status(&shop).await).as_str(), total(&shop).await), ("2", 60));
}

/// Its step is of another build than the one that is being made by then.
#[tokio::test]
async fn a_walker_that_was_overtaken_changes_nothing() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    ask(&shop).await;
    let (faster, rebuilds, origin) = (projector(&shop, &trouble), rebuilds(&shop), shop.origin());
    let meanwhile = async move {
        faster.walk(None).await.unwrap();
        rebuilds.request("order-view", &origin).await.unwrap();
    };
    *trouble.meanwhile.lock().unwrap() = Some(Box::pin(meanwhile));
    let projector = projector(&shop, &trouble);

    projector.walk(None).await.unwrap();

    let building = status(&shop).await.building.unwrap();
    assert_eq!((building.generation.to_string().as_str(), building.events), ("3", 0));
}

#[tokio::test]
async fn a_step_whose_answer_is_lost_is_taken_once() {
    let shop = shop_shown().await;
    let projector = projector(&shop, &Trouble::default());
    ask(&shop).await;
    // That this code makes it, and 120 events of one order, of which the first page holds 50.
    shop.mishaps([Mishap::Spared; 121]);
    shop.mishaps([Mishap::AnswerLost, Mishap::LostRace]);

    projector.walk(None).await.unwrap();

    assert_eq!(live(&status(&shop).await), "2");
    assert_eq!(made(&shop, "2"), made(&shop, "1"));
}

#[tokio::test]
async fn a_build_with_a_parked_event_is_held_up_until_that_is_redriven() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    let projector = projector(&shop, &trouble);
    trouble.poisoned.lock().unwrap().insert("2".to_owned());
    ask(&shop).await;

    projector.walk(None).await.unwrap();
    let held_up = status(&shop).await;

    let building = held_up.building.clone().unwrap();
    assert_eq!((live(&held_up).as_str(), building.state), ("1", BuildState::HeldUp));
    assert_eq!(building.held_up, ["demo#orders/2"]);
    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    assert!(letter.id.starts_with("order-view@2#"), "{}", letter.id);
    assert_eq!(projector.walk(None).await.unwrap(), Walked { events: 0 });

    trouble.poisoned.lock().unwrap().clear();
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));
    office.redrive(&letter.id, Redrive::default(), &shop.origin()).await.unwrap();
    let [sent] = shop.queue.sent("project-views").try_into().unwrap();
    let record = StreamRecord { wake_up: WakeUp::of_body(&sent.body), ..told("2", 1) };
    projector.redriven(&record, None).await;
    assert_eq!(ask(&shop).await.building.unwrap().state, BuildState::Walking);
    projector.walk(None).await.unwrap();

    assert_eq!(live(&status(&shop).await), "2");
    assert_eq!(made(&shop, "2"), made(&shop, "1"));
}

/// Its event is parked by then, and so is not parked again: only the walker meets it.
#[tokio::test]
async fn a_build_that_is_walked_again_before_anybody_has_redriven_is_held_up_again() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    let projector = projector(&shop, &trouble);
    trouble.poisoned.lock().unwrap().insert("2".to_owned());
    ask(&shop).await;
    projector.walk(None).await.unwrap();

    ask(&shop).await;
    projector.walk(None).await.unwrap();

    let status = status(&shop).await;
    let building = status.building.clone().unwrap();
    assert_eq!((live(&status).as_str(), building.state), ("1", BuildState::HeldUp));
    assert_eq!(building.held_up, ["demo#orders/2"]);
}

/// Nobody but the transaction that parks it could tell the walker, which has passed that stream.
#[tokio::test]
async fn a_build_in_which_an_event_was_parked_behind_the_walker_is_held_up() {
    let shop = shop_with("1", 1).await;
    let trouble = Trouble::default();
    let projector = projector(&shop, &trouble);
    projector.process(&[told("1", 1)], None).await;
    ask(&shop).await;
    more(&shop, "2", 1).await;
    trouble.poisoned.lock().unwrap().insert("2".to_owned());

    projector.process(&[told("2", 1)], None).await;

    let status = status(&shop).await;
    assert_eq!(status.building.unwrap().held_up, ["demo#orders/2"]);
}

#[tokio::test]
async fn a_build_in_which_much_is_poison_is_not_walked_to_its_end() {
    let shop = shop_with("0", 1).await;
    let trouble = Trouble::default();
    for order in 1..=150 {
        more(&shop, &order.to_string(), 1).await;
        trouble.poisoned.lock().unwrap().insert(order.to_string());
    }
    ask(&shop).await;

    projector(&shop, &trouble).walk(None).await.unwrap();

    let building = status(&shop).await.building.unwrap();
    assert_eq!((building.state, building.held_up.len()), (BuildState::HeldUp, 20));
    assert!(building.events <= 100, "{}", building.events);
}
