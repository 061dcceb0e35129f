//! What is left of earlier builds is removed, later, and nothing else; and whose code makes a build.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postroom::doc_example::Order;
use postroom::memory::MemoryStore;
use postroom::port::{BuildRows, Item, Page, StoreError};
use postroom::{
    BoxFuture, Command, Envelope, Key, Place, Projection, Projector, Reads, Stored, Tx, TxError,
    View,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::order_views::{OrderEvent, Trouble, more, projections, projector, shown, told, total};
use crate::rebuilding::{ask, live, made, shop_shown, status};
use crate::shop::{Mishap, Shop};

const LONGEST_USE: Duration = Duration::from_mins(20);

#[derive(Debug, Serialize, Deserialize)]
struct Lookalike {}

impl Stored for Lookalike {
    const COLLECTION: &'static str = "lookalikes@1";

    fn place(&self) -> Place<Self> {
        Place::new("1")
    }
}

struct Look;

impl Command for Look {
    const NAME: &'static str = "look";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        tx.put_view(&Lookalike {})
    }
}

/// Rows of which a page cannot be removed, when it is the third.
struct Stuck {
    rows: MemoryStore,
    removes: AtomicU32,
}

impl BuildRows for Stuck {
    fn keys<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Page<Key>, StoreError>> {
        self.rows.keys(after)
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(), StoreError>> {
        if self.removes.fetch_add(1, Ordering::SeqCst) == 2 {
            let (operation, source) = ("remove rows", "no right".into());
            return Box::pin(ready(Err(StoreError::Refused { operation, source })));
        }
        self.rows.remove(keys)
    }
}

/// A shop of whose first build more than a page is left, and may be removed.
async fn shop_rebuilt() -> Shop {
    let shop = shop_shown().await;
    for order in 10..70 {
        more(&shop, &order.to_string(), 1).await;
        let told = told(&order.to_string(), 1);
        projector(&shop, &Trouble::default()).process(&[told], None).await;
    }
    rebuilt(&shop).await;
    shop.clock.advance(LONGEST_USE);
    shop
}

async fn rebuilt(shop: &Shop) {
    ask(shop).await;
    projector(shop, &Trouble::default()).walk(None).await.unwrap();
}

async fn sweep(shop: &Shop) -> u64 {
    projector(shop, &Trouble::default()).sweep(&shop.memory, None).await.unwrap().rows
}

/// Changes what is known of the builds.
fn change_builds(shop: &Shop, change: impl Fn(&mut serde_json::Value)) {
    shop.memory.tamper(|item| {
        if item.key.partition.as_str() == "#projections" {
            change(&mut item.data);
        }
    });
}

fn without(shop: &Shop, generation: &str) -> Vec<Item> {
    let of_build = format!("@{generation}");
    let mut items = shop.memory.items();
    items.retain(|item| !item.key.partition.as_str().contains(&of_build));
    items.retain(|item| item.key.partition.as_str() != "#projections");
    items
}

#[tokio::test]
async fn what_is_left_of_an_earlier_build_is_removed_and_nothing_else() {
    let shop = shop_shown().await;
    rebuilt(&shop).await;
    let (kept, first) = (without(&shop, "1"), made(&shop, "1"));
    shop.clock.advance(LONGEST_USE);

    let swept = sweep(&shop).await;

    assert_eq!(swept, u64::try_from(first.len()).unwrap());
    assert_eq!((made(&shop, "1"), without(&shop, "1")), (vec![], kept));
    assert_eq!((shown(&shop, "3").await, total(&shop).await), ((1..=7).collect(), 128));
    let commits = shop.commits().len();
    assert_eq!((sweep(&shop).await, shop.commits().len()), (0, commits));
}

/// A query asks once which build is read, and may have asked just before.
#[tokio::test]
async fn who_reads_a_build_at_the_swap_is_answered_from_it() {
    let shop = shop_shown().await;
    let before = made(&shop, "1");
    rebuilt(&shop).await;
    shop.clock.advance(LONGEST_USE.saturating_sub(Duration::from_secs(1)));

    let early = sweep(&shop).await;

    assert_eq!((early, made(&shop, "1")), (0, before));
}

#[tokio::test]
async fn a_build_that_is_being_made_is_not_removed() {
    let shop = shop_shown().await;
    rebuilt(&shop).await;
    shop.clock.advance(LONGEST_USE);
    ask(&shop).await;
    shop.mention("2").await;
    projector(&shop, &Trouble::default()).process(&[told("2", 2)], None).await;
    let (live, building) = (made(&shop, "2"), made(&shop, "3"));

    sweep(&shop).await;

    assert!(!building.is_empty());
    assert_eq!((made(&shop, "1"), made(&shop, "2"), made(&shop, "3")), (vec![], live, building));
}

#[tokio::test]
async fn a_sweep_stops_before_its_deadline_and_the_next_goes_on() {
    let shop = shop_rebuilt().await;
    let projector = projector(&shop, &Trouble::default());
    let soon = shop.now() + Duration::from_secs(1);

    let none = projector.sweep(&shop.memory, Some(soon)).await.unwrap().rows;
    // Its second page fails: the first is behind it.
    shop.mishaps([Mishap::Spared, Mishap::Refused]);
    projector.sweep(&shop.memory, None).await.unwrap_err();
    let left = made(&shop, "1").len();
    let all = sweep(&shop).await;

    assert_eq!(none, 0);
    // What the second had removed before it failed is not removed again.
    assert_eq!((all, made(&shop, "1")), (u64::try_from(left).unwrap(), vec![]));
    assert!(left > 0 && left < 126, "{left}");
}

#[tokio::test]
async fn a_page_that_could_not_be_removed_is_removed_by_the_next_sweep() {
    let shop = shop_rebuilt().await;
    let stuck = Stuck { rows: shop.memory.clone(), removes: AtomicU32::new(0) };

    projector(&shop, &Trouble::default()).sweep(&stuck, None).await.unwrap_err();
    let left = made(&shop, "1").len();
    sweep(&shop).await;

    assert!(left > 0 && left < 126, "{left}");
    assert_eq!(made(&shop, "1"), vec![]);
}

/// The second build is over while the first is being removed: that begins anew, and later.
#[tokio::test]
async fn a_build_that_is_over_meanwhile_is_removed_too() {
    let shop = shop_shown().await;
    rebuilt(&shop).await;
    shop.clock.advance(LONGEST_USE);
    rebuilt(&shop).await;

    let early = sweep(&shop).await;
    shop.clock.advance(LONGEST_USE);
    sweep(&shop).await;

    assert_eq!(early, 0);
    assert_eq!((made(&shop, "1"), made(&shop, "2")), (vec![], vec![]));
    assert_eq!(total(&shop).await, 128);
}

/// Made by a projection of another system, or a thing of the business: its name only looks alike.
#[tokio::test]
async fn what_is_no_row_of_this_projection_stays() {
    let shop = shop_shown().await;
    shop.runtime.execute(&Look, &shop.origin()).await.unwrap();
    rebuilt(&shop).await;
    shop.clock.advance(LONGEST_USE);

    sweep(&shop).await;

    let left = made(&shop, "1").into_iter().map(|(key, _)| key);
    assert_eq!(left.collect::<Vec<_>>(), ["demo#lookalikes/1"]);
}

/// Its items would stay for ever.
struct Stray;

impl Projection for Stray {
    const NAME: &'static str = "stray";
    const READS: Reads = Reads::Only(&[Order::COLLECTION]);
    const MAKES: &'static [&'static str] = &["order-views"];
    type Event = OrderEvent;
    type Error = TxError;

    async fn apply(&self, _: &Envelope<OrderEvent>, view: &mut View<'_>) -> Result<(), TxError> {
        view.save(&Lookalike {})
    }
}

#[tokio::test]
async fn a_projection_makes_what_it_names_and_nothing_else() {
    let shop = shop_shown().await;
    let letters = Arc::new(shop.memory.clone());
    let stray = Projector::new("project-views", shop.runtime.clone(), letters).projection(Stray);

    stray.process(&[told("2", 1)], None).await;

    let [letter] = shop.memory.dead_letters().try_into().unwrap();
    let reason = "stray saves an item of lookalikes@1, which it does not name among those it makes";
    assert!(letter.reason().contains(reason), "{}", letter.reason());
}

#[test]
fn two_projections_make_nothing_together() {
    let two = || projections(&Trouble::default()).with(Stray);

    let refused = catch_unwind(AssertUnwindSafe(two)).map(drop).unwrap_err();

    let reason = refused.downcast::<String>().unwrap();
    assert_eq!(*reason, "stray makes order-views, and so does another projection");
}

#[tokio::test]
async fn a_build_that_other_code_has_begun_is_begun_anew() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    ask(&shop).await;
    trouble.paper_out.store(1, Ordering::SeqCst);
    projector(&shop, &trouble).walk(None).await.unwrap();
    change_builds(&shop, |builds| builds["building"]["code"] = json!("another"));
    shop.mention("2").await;

    projector(&shop, &Trouble::default()).process(&[told("2", 2)], None).await;
    let begun = status(&shop).await.building.unwrap();
    projector(&shop, &Trouble::default()).walk(None).await.unwrap();
    let status = status(&shop).await;
    shop.clock.advance(LONGEST_USE);
    sweep(&shop).await;

    assert_eq!((begun.generation.to_string().as_str(), begun.events), ("3", 0));
    assert_eq!((live(&status).as_str(), total(&shop).await), ("3", 129));
    assert_eq!((made(&shop, "1"), made(&shop, "2")), (vec![], vec![]));
}

/// It was begun by code that did not write down its own.
#[tokio::test]
async fn a_build_of_which_nobody_knows_who_has_begun_it_is_begun_anew() {
    let shop = shop_shown().await;
    ask(&shop).await;
    change_builds(&shop, |builds| builds["building"]["events"] = json!(7));

    projector(&shop, &Trouble::default()).walk(None).await.unwrap();

    assert_eq!(live(&status(&shop).await), "3");
}

/// The next version may meet the same poison: a build for each deployment, and its letters, would be asked for by nobody.
#[tokio::test]
async fn a_build_that_is_held_up_is_left_alone_by_other_code_until_it_is_asked_for_again() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    trouble.poisoned.lock().unwrap().insert("2".to_owned());
    ask(&shop).await;
    projector(&shop, &trouble).walk(None).await.unwrap();
    change_builds(&shop, |builds| builds["building"]["code"] = json!("another"));
    let (held_up, second) = (status(&shop).await, made(&shop, "2"));
    shop.mention("3").await;

    projector(&shop, &trouble).process(&[told("3", 8)], None).await;
    let walked = projector(&shop, &trouble).walk(None).await.unwrap();
    let left_alone = (status(&shop).await, made(&shop, "2"), made(&shop, "3"));
    ask(&shop).await;
    projector(&shop, &Trouble::default()).walk(None).await.unwrap();

    assert_eq!(walked.events, 0);
    assert_eq!(left_alone, (held_up, second, vec![]));
    assert_eq!((live(&status(&shop).await).as_str(), total(&shop).await), ("3", 129));
}

#[tokio::test]
async fn a_build_goes_on_where_the_code_is_the_same() {
    let shop = shop_shown().await;
    let trouble = Trouble::default();
    ask(&shop).await;
    trouble.paper_out.store(1, Ordering::SeqCst);
    projector(&shop, &trouble).walk(None).await.unwrap();

    projector(&shop, &trouble).walk(None).await.unwrap();

    assert_eq!(live(&status(&shop).await), "2");
}
