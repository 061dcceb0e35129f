//! What a handler may stage, and where it stops.

use postroom::doc_example::{HistoryLine, OpenOrders, Order, OrderPaid, OrderPlaced, ShopError};
use postroom::port::Store;
use postroom::{
    Classify, Command, Envelope, ExecuteError, Guard, ItemWrite, List, Listener, Outcome,
    Reactions, Stored, Tx, TxError, Verdict,
};

use crate::shop::{Shop, tenant};

/// Runs a closure as a command.
macro_rules! command {
    ($name:ident, $command:literal, |$tx:ident| $body:block) => {
        struct $name;

        impl Command for $name {
            const NAME: &'static str = $command;
            type Output = ();
            type Error = ShopError;

            async fn handle(&self, $tx: &mut Tx) -> Result<(), ShopError> {
                $body
                Ok(())
            }
        }
    };
}

fn order(id: usize) -> Order {
    Order { id: id.to_string(), paid: false }
}

fn tx_error(error: ExecuteError<ShopError>) -> TxError {
    match error {
        ExecuteError::Command { source: ShopError::Tx(error), .. } => error,
        other => panic!("{other:?}"),
    }
}

command!(SaveMany, "save-many", |tx| {
    for id in 0..99 {
        tx.save(&order(id))?;
    }
});
command!(SaveTooMany, "save-too-many", |tx| {
    for id in 0..100 {
        tx.save(&order(id))?;
    }
});

#[tokio::test]
async fn a_transaction_holds_100_actions_and_names_who_wants_one_more() {
    let shop = Shop::new();

    shop.runtime.execute(&SaveMany, &shop.origin()).await.unwrap();
    let error = shop.runtime.execute(&SaveTooMany, &shop.origin()).await.unwrap_err();

    assert_eq!(shop.commits()[0].actions(), 100);
    assert_eq!(error.verdict(), Verdict::Permanent);
    let error = tx_error(error);
    assert!(matches!(error, TxError::TooManyActions { handler: "save-too-many", limit: 100 }));
    assert_eq!(shop.commits().len(), 1);
}

command!(SaveHuge, "save-huge", |tx| {
    tx.put_view(&HistoryLine { order: "1".to_owned(), text: "x".repeat(400 * 1024) })?;
});
command!(SaveMegabytes, "save-megabytes", |tx| {
    for id in 0..20 {
        let text = format!("{id}{}", "x".repeat(250 * 1024));
        tx.put_view(&HistoryLine { order: "1".to_owned(), text })?;
    }
});

#[tokio::test]
async fn what_no_item_and_no_transaction_can_hold_is_refused_while_staging() {
    let shop = Shop::new();

    let huge = shop.runtime.execute(&SaveHuge, &shop.origin()).await.unwrap_err();
    let many = shop.runtime.execute(&SaveMegabytes, &shop.origin()).await.unwrap_err();

    assert!(matches!(tx_error(huge), TxError::TooLarge { handler: "save-huge", .. }));
    let many = tx_error(many);
    assert!(matches!(many, TxError::TooLarge { limit: 4_000_000, .. }), "{many:?}");
}

command!(LoadOnly, "load-only", |tx| {
    tx.load(&Order::at("1")).await?;
    tx.load(&Order::at("absent")).await?;
    tx.peek(&OpenOrders::default().place()).await?;
    tx.save(&order(2))?;
});

#[tokio::test]
async fn what_was_loaded_is_checked_at_commit_and_what_was_peeked_is_not() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();

    shop.runtime.execute(&LoadOnly, &shop.origin()).await.unwrap();

    let commits = shop.commits();
    let checks: Vec<_> = commits[1]
        .items()
        .iter()
        .filter_map(|item| match item {
            ItemWrite::Check { key, guard } => Some((key.id.as_str(), *guard)),
            _ => None,
        })
        .collect();
    assert_eq!(checks, [("1", Guard::Version(1)), ("absent", Guard::Absent)]);
    assert_eq!(commits[1].items().len(), 3);
}

command!(ReadOwnWrites, "read-own-writes", |tx| {
    tx.save(&order(1))?;
    let mut found = tx.load(&Order::at("1")).await?.unwrap();
    found.paid = true;
    assert_eq!(tx.save(&found)?, 1);
    assert!(tx.peek(&Order::at("1")).await?.unwrap().paid);
});

#[tokio::test]
async fn reads_see_staged_writes_and_writes_to_one_item_are_merged() {
    let shop = Shop::new();

    shop.runtime.execute(&ReadOwnWrites, &shop.origin()).await.unwrap();

    assert_eq!(shop.commits()[0].items().len(), 1);
    let key = Order::at("1").key(&tenant());
    let item = shop.memory.get(&key).await.unwrap().unwrap();
    assert_eq!((item.version, item.data["paid"].as_bool()), (1, Some(true)));
}

command!(EmitOnUnknownStream, "emit-on-unknown-stream", |tx| {
    tx.emit(OrderPlaced { order: "1".to_owned() })?;
});
command!(EmitTwice, "emit-twice", |tx| {
    tx.load(&Order::at("1")).await?;
    tx.emit(OrderPaid { order: "1".to_owned(), receipt: "a".to_owned() })?;
    tx.emit(OrderPaid { order: "1".to_owned(), receipt: "b".to_owned() })?;
});

#[tokio::test]
async fn an_event_needs_its_thing_loaded_and_takes_the_next_version() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();

    let error = shop.runtime.execute(&EmitOnUnknownStream, &shop.origin()).await.unwrap_err();
    shop.runtime.execute(&EmitTwice, &shop.origin()).await.unwrap();
    shop.runtime.execute(&EmitTwice, &shop.origin()).await.unwrap();

    assert!(matches!(tx_error(error), TxError::StreamNotLoaded { .. }));
    let versions: Vec<_> =
        shop.journal().await.iter().map(|event| event.envelope.stream_version.unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn who_reads_a_thing_learns_how_far_its_stream_has_come() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();
    shop.runtime.execute(&EmitTwice, &shop.origin()).await.unwrap();
    shop.pay("1").await;

    let reader = shop.runtime.reader(&tenant());
    let order = reader.get(&Order::at("1")).await.unwrap().unwrap();
    let listed = reader.list(List::<Order>::all()).await.unwrap().items;

    assert_eq!((order.version, order.stream_version), (3, 3));
    assert_eq!(listed, [order]);
    let view = reader.list(List::<HistoryLine>::within("1")).await.unwrap().items;
    assert_eq!((view[0].version, view[0].stream_version), (1, 0));
}

/// A listener that writes what another has written, having read it or not.
struct Meddler {
    reads_first: bool,
}

impl Listener<OrderPlaced> for Meddler {
    const NAME: &'static str = "meddler";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        if self.reads_first {
            tx.load(&Order::at(&event.data.order)).await?;
        }
        tx.save(&Order { id: event.data.order.clone(), paid: true })?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn a_second_writer_of_an_item_must_have_read_what_the_first_wrote() {
    let table = |reads_first| {
        let mut table = Reactions::default();
        table.row::<OrderPlaced>().in_request(Meddler { reads_first });
        table
    };

    let merged = Shop::with(table(true)).place("1").await;
    let error = Shop::with(table(false)).place("1").await.unwrap_err();

    assert!(merged.is_ok());
    let ExecuteError::Listener { source, .. } = error else { panic!("{error:?}") };
    assert!(source.reason().contains("meddler writes"), "{}", source.reason());
    assert!(source.reason().contains("place-order has written"), "{}", source.reason());
}

/// Counts payments in one item, having read it or not.
struct CountPayments {
    reads_first: bool,
}

impl Listener<OrderPaid> for CountPayments {
    const NAME: &'static str = "count-payments";
    type Error = ShopError;

    async fn on(&self, _: &Envelope<OrderPaid>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let mut payments = OpenOrders::default();
        if self.reads_first {
            payments = tx.load(&payments.place()).await?.unwrap_or_default();
        }
        payments.count += 1;
        tx.save(&payments)?;
        Ok(Outcome::DONE)
    }
}

/// A shop where payments are counted, and one order.
async fn counting_payments(reads_first: bool) -> Shop {
    let mut table = Reactions::default();
    table.row::<OrderPaid>().in_request(CountPayments { reads_first });
    let shop = Shop::with(table);
    shop.place("1").await.unwrap();
    shop
}

#[tokio::test]
async fn a_listener_that_runs_twice_must_have_read_what_it_wrote_the_first_time() {
    let reading = counting_payments(true).await;
    let blind = counting_payments(false).await;

    reading.runtime.execute(&EmitTwice, &reading.origin()).await.unwrap();
    let error = blind.runtime.execute(&EmitTwice, &blind.origin()).await.unwrap_err();

    let counted = reading.runtime.reader(&tenant()).get(&OpenOrders::default().place()).await;
    assert_eq!(counted.unwrap().unwrap().value.count, 2);
    let reactions = reading.journal().await.into_iter().flat_map(|event| event.in_request);
    assert_eq!(reactions.map(|reaction| reaction.writes).collect::<Vec<_>>(), [1, 1]);
    let ExecuteError::Listener { source, .. } = error else { panic!("{error:?}") };
    assert!(source.reason().contains("count-payments writes"), "{}", source.reason());
    assert!(source.reason().contains("count-payments has written"), "{}", source.reason());
}

/// A listener that causes the event it listens to.
struct Echo;

impl Listener<OrderPlaced> for Echo {
    const NAME: &'static str = "echo";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<OrderPlaced>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        tx.load(&Order::at(&event.data.order)).await?;
        tx.emit(event.data.clone())?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn reactions_that_cause_each_other_without_end_are_stopped() {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().in_request(Echo);
    let shop = Shop::with(table);

    let error = shop.place("1").await.unwrap_err();

    assert_eq!(error.verdict(), Verdict::Permanent);
    let ExecuteError::Listener { source, .. } = error else { panic!("{error:?}") };
    assert!(source.reason().contains("after 16 hops"), "{}", source.reason());
    assert!(shop.commits().is_empty());
}
