//! The chain: one tree from the command to its remotest effect.

use postroom::chain::Chain;
use postroom::doc_example::{Order, OrderPaid, OrderPlaced, ShopError};
use postroom::{Envelope, Listener, Outcome, Reactions, Tx};

use crate::shop::{ScriptedBank, Shop, tenant};

async fn drawn(shop: &Shop) -> String {
    let chain = "chain-1".parse().unwrap();
    let read = Chain::read(&shop.memory, &shop.memory, &tenant(), &chain).await.unwrap();
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
async fn another_tenants_chain_is_empty_even_under_the_same_id() {
    let shop = Shop::new();
    shop.placed("1").await;

    let chain = "chain-1".parse().unwrap();
    let other = "other".parse().unwrap();
    let read = Chain::read(&shop.memory, &shop.memory, &other, &chain).await.unwrap();

    assert!(read.roots.is_empty());
}
