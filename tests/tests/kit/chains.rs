//! The chain: one tree from the command to its remotest effect.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use postroom::chain::{Chain, Node};
use postroom::doc_example::{Bank, ChargeCard, Order, OrderPaid, OrderPlaced, ShopError};
use postroom::memory::ManualClock;
use postroom::port::Inbox;
use postroom::{Envelope, Ids, Listener, Outcome, Reactions, Record, Redrive, Tx};
use serde_json::{Value, json};

use crate::office::{instead, office, operator, parked};
use crate::shop::{ScriptedBank, Shop, tenant};

async fn drawn(shop: &Shop) -> String {
    let chain = "chain-1".parse().unwrap();
    let read = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();
    read.to_string()
}

#[tokio::test]
async fn a_finished_chain_shows_every_reaction_under_its_cause() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.card_worker(ScriptedBank::default()).process(&[record], None).await;

    insta::assert_snapshot!(drawn(&shop).await, @r"
    place-order                         command     done, 6 writes of 100, 0 µs
    └ order.placed                      event       orders/1 version 1
      ├ history                         in request  +1 write
      ├ stock-limit                     in request  +1 write
      └ charge-card                     queued      attempt 1/5  done  ░░░░████  waited 0 µs, ran 0 µs
        └ order.paid                    event       orders/1 version 2
    ");
}

#[tokio::test]
async fn a_running_chain_shows_what_waits_and_what_failed() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let waiting = drawn(&shop).await;
    let bank = ScriptedBank::answering([Err(ShopError::Bank)]);
    shop.card_worker(bank).process(&[record], None).await;

    assert!(waiting.contains("charge-card                     queued      waiting"), "{waiting}");
    let failed = drawn(&shop).await;
    assert!(failed.contains("attempt 1/5  will be tried again: the run failed: "), "{failed}");
    assert!(failed.contains("the bank does not answer"), "{failed}");
}

/// A bank that takes two seconds.
struct SlowBank(Arc<ManualClock>);

impl Bank for SlowBank {
    fn charge(&self, _: &str) -> Result<String, ShopError> {
        self.0.advance(Duration::from_secs(2));
        Ok("receipt".to_owned())
    }
}

#[tokio::test]
async fn a_row_tells_how_long_its_handler_waited_and_ran() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.clock.advance(Duration::from_secs(6));
    shop.card_worker(SlowBank(shop.clock.clone())).process(&[record], None).await;

    let chain = Chain::read(shop.sources(), &tenant(), &"chain-1".parse().unwrap()).await.unwrap();

    let drawn = chain.to_string();
    let times = "attempt 1/5  done  ░░░░░░██  waited 6000 ms, ran 2000 ms";
    assert!(drawn.contains(times), "{drawn}");
    let charged = json!(chain)["roots"][0]["children"][0]["children"][2].take();
    assert_eq!((&charged["name"], &charged["status"]), (&json!("charge-card"), &json!("done")));
    assert_eq!((&charged["waited_ms"], &charged["ran_ms"]), (&json!(6000), &json!(2000)));
}

#[tokio::test]
async fn a_run_that_a_worker_is_at_is_drawn_as_running() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.clock.advance(Duration::from_secs(6));
    shop.memory.claim(&shop.claim_for(&record, Duration::from_secs(15))).await.unwrap();
    shop.clock.advance(Duration::from_secs(2));

    let chain = Chain::read(shop.sources(), &tenant(), &"chain-1".parse().unwrap()).await.unwrap();

    let drawn = chain.to_string();
    assert!(drawn.ends_with("queued      attempt 1/5  running  waited 6000 ms\n"), "{drawn}");
    let charged = json!(chain)["roots"][0]["children"][0]["children"][2].take();
    assert_eq!((&charged["status"], &charged["ran_ms"]), (&json!("running"), &Value::Null));
}

/// Pays as soon as an order is placed, in the request.
struct PayAtOnce;

impl Listener<OrderPlaced> for PayAtOnce {
    const NAME: &'static str = "pay-at-once";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let order = event.data.order.clone();
        tx.load(&Order::at(&order)).await?;
        tx.emit(OrderPaid { order, receipt: "cash".to_owned() })?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn what_a_listener_emits_hangs_under_that_listener() {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().in_request(PayAtOnce);
    let shop = Shop::with(table);

    shop.place("1").await.unwrap();

    insta::assert_snapshot!(drawn(&shop).await, @r"
    place-order                         command     done, 4 writes of 100, 0 µs
    └ order.placed                      event       orders/1 version 1
      └ pay-at-once                     in request  +1 write
        └ order.paid                    event       orders/1 version 2
    ");
}

#[tokio::test]
async fn a_refused_command_is_in_its_chain_with_its_reason() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();
    let written = shop.commits().len();

    shop.place("1").await.unwrap_err();

    assert_eq!(shop.commits().len(), written);
    let drawn = drawn(&shop).await;
    assert!(
        drawn.ends_with("command     refused: place-order was not done: order 1 exists\n"),
        "{drawn}"
    );
}

#[tokio::test]
async fn a_chain_goes_on_across_redrives_and_edits() {
    let shop = Shop::new();
    shop.place("2").await.unwrap();
    let (record, id) = parked(&shop, "1").await;
    let parked_drawn = drawn(&shop).await;
    office(&shop).redrive(&id, Redrive::default(), &operator(&shop)).await.unwrap();
    let redriven = drawn(&shop).await;
    let refused = Err(ShopError::Gone { order: "1".to_owned() });
    shop.card_worker(ScriptedBank::answering([refused])).process(from_ref(&record), None).await;
    let body = record.body.replace(r#""order":"1""#, r#""order":"2""#);
    office(&shop).edit(&id, instead(&body), &operator(&shop)).await.unwrap();
    let body = shop.sent().last().unwrap().body.clone();
    let edited =
        Record { message_id: "edited".to_owned(), body, group: None, receives: 1, refused: None };
    shop.card_worker(ScriptedBank::default()).process(&[edited], None).await;

    let row = "charge-card                     queued      ";
    assert!(parked_drawn.contains(&format!("{row}attempt 1/5  parked: ")), "{parked_drawn}");
    assert!(redriven.contains(&format!("{row}waiting, redriven 1×")), "{redriven}");
    let finished = drawn(&shop).await;
    assert!(finished.contains("order 1 is gone, redriven 2×"), "{finished}");
    assert!(
        finished.contains("    └ charge-card                   queued      attempt 1/5  done"),
        "{finished}"
    );
    assert!(finished.contains("      └ order.paid"), "{finished}");
}

#[tokio::test]
async fn the_way_to_an_event_begins_at_its_root() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    shop.card_worker(ScriptedBank::default()).process(&[record], None).await;
    let paid = shop.journal().await.pop().unwrap().envelope.id;
    let chain = "chain-1".parse().unwrap();
    let chain = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();

    let names = |path: Vec<&Node>| path.iter().map(|node| node.name.clone()).collect::<Vec<_>>();

    let expected = ["place-order", "order.placed", "charge-card", "order.paid"];
    assert_eq!(names(chain.path_to(paid)), expected);
    assert!(chain.path_to(shop.ids.fresh().into()).is_empty());
}

/// Orders of the chain, whose cards nobody charges.
async fn placed(shop: &Shop, orders: std::ops::Range<usize>) {
    for order in orders {
        shop.place(&order.to_string()).await.unwrap();
    }
}

/// A shop in which as many orders may be open as one likes.
fn large_shop() -> Shop {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<ChargeCard<ScriptedBank>, _>();
    Shop::with(table)
}

fn rows(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + rows(&node.children)).sum()
}

/// Fifty pages of events and of runs, with a command, its event and a handler for each.
const WHOLE: usize = 50 * 50;

#[tokio::test]
async fn a_chain_of_thousands_of_nodes_is_read_whole_and_of_a_longer_one_it_is_said() {
    let shop = large_shop();
    let chain = "chain-1".parse().unwrap();
    placed(&shop, 0..WHOLE).await;
    let whole = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();
    placed(&shop, WHOLE..WHOLE + 1).await;

    let longer = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();

    assert_eq!((rows(&whole.roots), whole.truncated), (3 * WHOLE, false));
    assert!(!whole.to_string().contains("and more"));
    assert_eq!((rows(&longer.roots), longer.truncated), (3 * WHOLE, true));
    let drawn = longer.to_string();
    assert!(drawn.ends_with("… and more: the chain is longer than what is shown\n"));
    let unknown = drawn.matches("queued      beyond what was read").count();
    assert_eq!(unknown, WHOLE, "whether a run that was not read waits, nobody knows");
}

#[tokio::test]
async fn an_answer_holds_as_many_rows_as_fit_into_it_and_says_so() {
    let shop = large_shop();
    placed(&shop, 0..20).await;
    let whole = Chain::read(shop.sources(), &tenant(), &"chain-1".parse().unwrap()).await.unwrap();
    // As the body of an answer is: JSON, with the drawing in it, as a string of JSON.
    let answered = |chain: &Chain| {
        let body = json!({"roots": chain.roots, "drawing": chain.to_string()}).to_string();
        json!(body).to_string().len()
    };
    let cut_to = |bytes| {
        let mut chain = whole.clone();
        chain.cut_to(bytes);
        chain
    };

    let half = answered(&whole) / 2;
    let cut = cut_to(half);

    assert!(answered(&cut) <= half + 200, "{} of {half}", answered(&cut));
    assert!(answered(&cut) > half * 3 / 4, "{} of {half}", answered(&cut));
    assert!(cut.truncated && cut.roots.len() < 20);
    let whole_roots = cut.roots.len() - 1;
    assert_eq!(cut.roots[..whole_roots], whole.roots[..whole_roots]);
    assert_eq!(cut_to(2 * answered(&whole)), whole);
}

#[tokio::test]
async fn another_tenants_chain_is_empty_even_under_the_same_id() {
    let shop = Shop::new();
    shop.placed("1").await;

    let chain = "chain-1".parse().unwrap();
    let other = "other".parse().unwrap();
    let read = Chain::read(shop.sources(), &other, &chain).await.unwrap();

    assert!(read.roots.is_empty());
}

#[tokio::test]
async fn a_reason_with_line_feeds_is_one_row() {
    let shop = Shop::new();
    let record = shop.placed("1").await;
    let order = "1\n\u{1b}[2Jall is well".to_owned();
    let bank = ScriptedBank::answering([Err(ShopError::Gone { order })]);
    shop.card_worker(bank).process(&[record], None).await;

    let drawn = drawn(&shop).await;

    assert!(drawn.contains(r"order 1\n\u{1b}[2Jall is well is gone"), "{drawn}");
    assert_eq!(drawn.lines().count(), 5, "{drawn}");
}
