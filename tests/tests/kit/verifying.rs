//! Verifying a read model: what is not as the journal has it is named, what only moves on is not, and nothing is written.

use std::sync::Arc;
use std::time::Duration;

use postroom::{BoxFuture, Difference, Verified, Verifier, VerifyError};
use serde_json::{Value, json};

use crate::order_views::{Trouble, more, projections, projector, shop_with, told};
use crate::rebuilding::{ask, shop_shown};
use crate::shop::Shop;

const TOTAL: &str = "demo#totals@1/all";

fn verifier(shop: &Shop, trouble: &Trouble) -> Verifier {
    Verifier::new(shop.runtime.clone(), projections(trouble))
}

async fn verify(shop: &Shop) -> Verified {
    verifier(shop, &Trouble::default()).verify("order-view").await.unwrap()
}

/// Changes what is stored of one row.
fn tamper(shop: &Shop, key: &str, change: impl Fn(&mut Value)) {
    let mut found = false;
    shop.memory.tamper(|item| {
        if item.key.to_string() == key {
            change(&mut item.data);
            found = true;
        }
    });
    assert!(found, "{key}");
}

fn difference(key: &str, field: &str, expected: Value, found: Value) -> Difference {
    let (expected, found) = (Some(expected), Some(found));
    Difference { key: key.to_owned(), field: field.to_owned(), expected, found }
}

/// What happens while the first event is folded: another is committed, and applied to what is read.
fn moved_on(shop: &Arc<Shop>, order: &'static str, version: u64) -> BoxFuture<'static, ()> {
    let shop = Arc::clone(shop);
    Box::pin(async move {
        shop.mention(order).await;
        let projector = projector(&shop, &Trouble::default());
        assert_eq!(projector.process(&[told(order, version)], None).await, None);
    })
}

/// The same at every event that is folded, for ever.
fn moves_on(shop: Arc<Shop>, trouble: Trouble, version: u64) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        moved_on(&shop, "2", version).await;
        *trouble.meanwhile.lock().unwrap() = Some(moves_on(shop, trouble.clone(), version + 1));
    })
}

#[tokio::test]
async fn a_read_model_that_is_as_the_journal_has_it_is_said_to_be() {
    let shop = shop_shown().await;
    let (commits, items) = (shop.commits().len(), shop.memory.items());

    let verified = verify(&shop).await;

    assert_eq!((verified.streams, verified.events), (3, 128));
    // Each order's view and position, and what all of them share.
    assert_eq!(verified.rows, 3 + 3 + 1);
    assert_eq!((verified.differences, verified.more, verified.moving), (vec![], 0, 0));
    assert_eq!((shop.commits().len(), shop.memory.items()), (commits, items));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_told_by_key_and_field() {
    let shop = shop_shown().await;
    tamper(&shop, "demo#order-views@1/3", |data| data["order"] = json!("4"));
    tamper(&shop, TOTAL, |data| data["events"] = json!(129));

    let verified = verify(&shop).await;

    let view = difference("demo#order-views@1/3", "order", json!("3"), json!("4"));
    let total = difference(TOTAL, "events", json!(128), json!(129));
    assert_eq!(verified.differences, [view, total]);
    assert_eq!((verified.more, verified.moving), (0, 0));
}

#[tokio::test]
async fn a_row_that_is_gone_is_told() {
    let shop = shop_shown().await;
    shop.memory.lose(|key| key.to_string() == "demo#order-views@1/2");

    let [told] = verify(&shop).await.differences.try_into().unwrap();

    assert_eq!((told.key.as_str(), told.field.as_str()), ("demo#order-views@1/2", "(row)"));
    assert_eq!((told.expected, told.found), (Some(json!({"order": "2", "versions": [1]})), None));
}

/// What is stored has as many writes as the first two of its three streams have made, and looks like that.
#[tokio::test]
async fn a_shared_row_that_has_lost_the_writes_of_a_stream_is_told() {
    let shop = shop_shown().await;
    shop.memory.tamper(|item| {
        if item.key.to_string() == TOTAL {
            (item.version, item.data) = (121, json!({"events": 121}));
        }
    });

    let verified = verify(&shop).await;

    let events = difference(TOTAL, "events", json!(128), json!(121));
    let writes = difference(TOTAL, "(writes)", json!(128), json!(121));
    assert_eq!((verified.differences, verified.moving), (vec![events, writes], 0));
    assert_eq!(verified.rows, 3 + 3 + 1);
}

/// As by two that wrote the first of it at once: what is stored looks as each of them has made it.
#[tokio::test]
async fn a_shared_row_that_two_streams_have_begun_is_told() {
    let shop = shop_with("1", 1).await;
    more(&shop, "2", 1).await;
    projector(&shop, &Trouble::default()).process(&[told("1", 1), told("2", 1)], None).await;
    shop.memory.tamper(|item| {
        if item.key.to_string() == TOTAL {
            (item.version, item.data) = (1, json!({"events": 1}));
        }
    });

    let verified = verify(&shop).await;

    let events = difference(TOTAL, "events", json!(2), json!(1));
    let writes = difference(TOTAL, "(writes)", json!(2), json!(1));
    assert_eq!((verified.differences, verified.moving), (vec![events, writes], 0));
}

#[tokio::test]
async fn rows_that_are_gone_are_told_or_counted_once_each() {
    let shop = shop_with("1", 1).await;
    for order in 2..=150 {
        more(&shop, &order.to_string(), 1).await;
    }
    let records: Vec<_> = (1..=150).map(|order| told(&order.to_string(), 1)).collect();
    assert_eq!(projector(&shop, &Trouble::default()).process(&records, None).await, None);
    shop.memory.lose(|key| key.partition.as_str() == "demo#order-views@1");

    let verified = verify(&shop).await;

    assert_eq!((verified.differences.len(), verified.more, verified.moving), (100, 50, 0));
    assert!(!verified.cut_short);
}

/// As by a projector that applied it, and did not know: the row has moved on, as far as one look can tell.
#[tokio::test]
async fn an_event_that_was_applied_twice_is_told() {
    let shop = shop_shown().await;
    shop.memory.tamper(|item| {
        if item.key.to_string() == "demo#order-views@1/2" {
            item.version += 1;
            item.data["versions"] = json!([1, 1]);
        }
    });

    let verified = verify(&shop).await;

    let key = "demo#order-views@1/2";
    let versions = difference(key, "versions", json!([1]), json!([1, 1]));
    let writes = difference(key, "(writes)", json!(1), json!(2));
    assert_eq!((verified.differences, verified.moving), (vec![versions, writes], 0));
}

#[tokio::test]
async fn a_position_that_is_not_behind_what_was_applied_is_told() {
    let shop = shop_shown().await;
    let key = "demo#projection-positions@1#order-view/orders/3";
    tamper(&shop, key, |data| data["applied"] = json!(9));

    let verified = verify(&shop).await;

    assert_eq!(verified.differences, [difference(key, "applied", json!(7), json!(9))]);
}

#[tokio::test]
async fn an_event_that_nobody_will_apply_is_told_and_one_on_its_way_is_not() {
    let shop = shop_shown().await;
    shop.mention("3").await;

    let on_its_way = verify(&shop).await;
    shop.clock.advance(Duration::from_secs(61));
    let lost = verify(&shop).await;

    assert_eq!((on_its_way.differences, on_its_way.moving), (vec![], 0));
    let told = difference("demo#orders/3", "(applied)", json!(8), json!(7));
    assert_eq!(lost.differences, [told]);
}

#[tokio::test]
async fn what_moves_on_while_it_is_read_is_not_wrong() {
    for order in ["1", "2", "3"] {
        let shop = Arc::new(shop_shown().await);
        let version = match order {
            "1" => 121,
            "2" => 2,
            _ => 8,
        };
        let trouble = Trouble::default();
        *trouble.meanwhile.lock().unwrap() = Some(moved_on(&shop, order, version));

        let verified = verifier(&shop, &trouble).verify("order-view").await.unwrap();

        assert!(trouble.meanwhile.lock().unwrap().is_none());
        assert_eq!((verified.differences, verified.moving), (vec![], 0), "{order}");
    }
}

#[tokio::test]
async fn what_never_stands_still_is_counted_and_not_wrong() {
    let shop = Arc::new(shop_with("1", 2).await);
    more(&shop, "2", 1).await;
    let records = [told("1", 2), told("2", 1)];
    projector(&shop, &Trouble::default()).process(&records, None).await;
    let trouble = Trouble::default();
    let stirring = moves_on(Arc::clone(&shop), trouble.clone(), 2);
    *trouble.meanwhile.lock().unwrap() = Some(stirring);

    let verified = verifier(&shop, &trouble).verify("order-view").await.unwrap();

    assert_eq!(verified.differences, []);
    assert!(verified.moving > 0, "{verified:?}");
}

#[tokio::test]
async fn a_build_that_was_swapped_in_meanwhile_is_the_one_that_is_compared() {
    let shop = Arc::new(shop_shown().await);
    let trouble = Trouble::default();
    let swapping = Arc::clone(&shop);
    let swap = async move {
        ask(&swapping).await;
        projector(&swapping, &Trouble::default()).walk(None).await.unwrap();
    };
    *trouble.meanwhile.lock().unwrap() = Some(Box::pin(swap));

    let verified = verifier(&shop, &trouble).verify("order-view").await.unwrap();

    assert_eq!((verified.build.to_string().as_str(), verified.events), ("2", 128));
    assert_eq!((verified.differences, verified.moving), (vec![], 0));
}

/// Of each order two rows are gone, and nothing is let go.
#[tokio::test]
async fn where_more_rows_are_gone_than_can_be_held_it_is_told_what_differs_so_far() {
    let shop = shop_shown().await;
    shop.memory.lose(|key| key.partition.as_str() == "demo#order-views@1");
    let some = verifier(&shop, &Trouble::default()).holding(3);

    let verified = some.verify("order-view").await.unwrap();

    assert!(verified.cut_short);
    let [told] = verified.differences.try_into().unwrap();
    assert_eq!((told.key.as_str(), told.field.as_str()), ("demo#order-views@1/1", "(row)"));
    assert_eq!((verified.more, verified.moving), (0, 0));
}

#[tokio::test]
async fn where_nothing_differs_of_more_rows_than_can_be_held_nothing_is_known() {
    let shop = shop_shown().await;
    let few = verifier(&shop, &Trouble::default()).holding(2);

    let unknown = few.verify("order-view").await.unwrap_err();

    let VerifyError::TooManyRows { limit: 2, .. } = unknown else { panic!("{unknown}") };
}

#[tokio::test]
async fn what_cannot_be_folded_is_no_comparison() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert("2".to_owned());

    let poisoned = verifier(&shop, &trouble).verify("order-view").await.unwrap_err();
    let unknown = verifier(&shop, &trouble).verify("order-views").await.unwrap_err();
    shop.store.lose_builds(true);
    let unread = verifier(&shop, &trouble).verify("order-view").await.unwrap_err();

    let VerifyError::Fold { stream, version: 1, .. } = poisoned else { panic!("{poisoned}") };
    assert_eq!(stream, "demo#orders/2");
    assert!(matches!(unknown, VerifyError::NotFound { .. }), "{unknown}");
    assert!(matches!(unread, VerifyError::Build { .. }), "{unread}");
}
