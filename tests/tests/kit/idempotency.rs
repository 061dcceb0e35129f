//! A caller's idempotency key: the same request takes effect once, and whoever repeats it learns what came of it.

use std::time::Duration;

use postroom::chain::Chain;
use postroom::doc_example::{Order, OrderPlaced, PlaceOrder, Settings, ShopError, reactions};
use postroom::port::{CommitError, Inbox, RunKey, RunStatus, Store};
use postroom::{
    Classify, Command, ExecuteError, Executed, Idempotency, Origin, Refuse, TenantId, Tx, Verdict,
};

use crate::shop::{Mishap, Shop, tenant};

/// A request of its own, under a key that may have been used before.
fn request(shop: &Shop, key: &str, fingerprint: &str) -> Origin {
    let fingerprint = fingerprint.to_owned();
    let idempotency = Some(Idempotency { key: key.parse().unwrap(), fingerprint });
    Origin { idempotency, ..shop.origin() }
}

fn order(id: &str) -> PlaceOrder {
    PlaceOrder { order: id.to_owned() }
}

type Done = Result<Executed<u64>, ExecuteError<ShopError>>;

async fn place(shop: &Shop, id: &str, key: &str) -> Done {
    shop.runtime.execute(&order(id), &request(shop, key, id)).await
}

/// Writes an order whether or not there is one, after others have had their turn.
struct PutOrder;

impl Command for PutOrder {
    const NAME: &'static str = "put-order";
    type Output = u64;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<u64, ShopError> {
        tx.load(&Order::at("1")).await?;
        tokio::task::yield_now().await;
        Ok(tx.save(&Order { id: "1".to_owned(), paid: true })?)
    }
}

/// Places an order under an id that nobody has: only a listener can object.
struct PlaceNew;

impl Command for PlaceNew {
    const NAME: &'static str = "place-new";
    type Output = String;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, ShopError> {
        let order = tx.new_id().to_string();
        tx.save(&Order { id: order.clone(), paid: false })?;
        tx.emit(OrderPlaced { order: order.clone() })?;
        Ok(order)
    }
}

#[tokio::test]
async fn a_repeat_that_the_command_would_refuse_answers_as_the_first_did() {
    let shop = Shop::new();
    let first = place(&shop, "1", "key").await.unwrap();

    let again = place(&shop, "1", "key").await.unwrap();

    assert_eq!((first.output, first.replayed), (1, false));
    assert_eq!((again.output, again.replayed), (1, true));
    assert_eq!((shop.journal().await.len(), shop.sent().len()), (1, 1));
}

#[tokio::test]
async fn a_repeat_that_a_listener_would_refuse_answers_as_the_first_did() {
    let shop = Shop::with(reactions(&Settings { most_open_orders: 1 }));
    let first = shop.runtime.execute(&PlaceNew, &request(&shop, "key", "new")).await.unwrap();

    let again = shop.runtime.execute(&PlaceNew, &request(&shop, "key", "new")).await.unwrap();

    assert_eq!((again.output, again.replayed), (first.output, true));
    assert_eq!(shop.journal().await.len(), 1);
}

#[tokio::test]
async fn a_repeat_that_nobody_would_refuse_writes_nothing() {
    let shop = Shop::new();
    shop.runtime.execute(&PutOrder, &request(&shop, "key", "put")).await.unwrap();

    let again = shop.runtime.execute(&PutOrder, &request(&shop, "key", "put")).await.unwrap();

    assert_eq!((again.output, again.replayed), (1, true));
    let stored = shop.runtime.reader(&tenant()).get(&Order::at("1")).await.unwrap();
    assert_eq!(stored.unwrap().version, 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_refused() {
    let shop = Shop::new();
    place(&shop, "1", "key").await.unwrap();

    let other_order = place(&shop, "2", "key").await.unwrap_err();
    // The command would refuse this one, but the key says more.
    let refused = shop.runtime.execute(&order("1"), &request(&shop, "key", "other")).await;
    let other_command = shop.runtime.execute(&PutOrder, &request(&shop, "key", "1")).await;

    for error in [other_order, refused.unwrap_err(), other_command.unwrap_err()] {
        assert!(matches!(error, ExecuteError::KeyReused { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::Permanent);
        assert_eq!(error.refusal().unwrap().code, "idempotency-key-reused");
    }
    assert_eq!(shop.journal().await.len(), 1);
    let stored = shop.runtime.reader(&tenant()).get(&Order::at("1")).await.unwrap();
    assert!(!stored.unwrap().value.paid);
}

#[tokio::test]
async fn what_was_refused_is_not_remembered() {
    let shop = Shop::new();
    shop.place("1").await.unwrap();

    let refused = place(&shop, "1", "key").await.unwrap_err();
    let decided_anew = place(&shop, "2", "key").await.unwrap();

    assert_eq!(refused.refusal().unwrap().code, "order-exists");
    assert!(!decided_anew.replayed);
}

#[tokio::test]
async fn what_failed_is_not_remembered() {
    let shop = Shop::new();
    shop.mishaps([Mishap::Refused]);

    let failed = place(&shop, "1", "key").await.unwrap_err();
    let decided_anew = place(&shop, "1", "key").await.unwrap();

    assert!(matches!(failed, ExecuteError::Settle { .. }), "{failed:?}");
    assert!(!decided_anew.replayed);
}

#[tokio::test]
async fn of_twins_at_the_same_time_one_commits_and_the_other_repeats_it() {
    let shop = Shop::new();
    let (left, right) = (request(&shop, "key", "put"), request(&shop, "key", "put"));

    let (left, right) = tokio::join!(
        shop.runtime.execute(&PutOrder, &left),
        shop.runtime.execute(&PutOrder, &right),
    );

    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!((left.output, right.output), (1, 1));
    assert_ne!(left.replayed, right.replayed);
    // Both had read, and decided to write, before either committed.
    assert_eq!(shop.commits().len(), 2);
}

#[tokio::test]
async fn two_tenants_with_one_key_do_not_meet() {
    let shop = Shop::new();
    place(&shop, "1", "key").await.unwrap();
    let theirs = Origin { tenant_id: "other".parse().unwrap(), ..request(&shop, "key", "2") };

    let done = shop.runtime.execute(&order("2"), &theirs).await.unwrap();

    assert!(!done.replayed);
}

#[test]
fn no_two_lists_of_parts_spell_one_record_key() {
    let key = |tenant: &str, key: &str| {
        RunKey::of_idempotency(&tenant.parse::<TenantId>().unwrap(), &key.parse().unwrap())
    };

    assert_eq!(key("demo", "a#1").as_str(), "idempotency#demo#a%231");
    assert_ne!(key("a#b", "c"), key("a", "b#c"));
    let message = "7b0c0000-0000-5000-8000-00000000000b".parse().unwrap();
    let handlers = RunKey::of_handler("idempotency", message);
    assert_ne!(key("demo", &message.to_string()), handlers);
}

#[tokio::test]
async fn after_an_unknown_outcome_that_wrote_nothing_the_repeat_takes_effect() {
    let shop = Shop::new();
    shop.mishaps([Mishap::RequestLost; 4]);
    let unknown = place(&shop, "1", "key").await.unwrap_err();

    let again = place(&shop, "1", "key").await.unwrap();
    // What was lost arrives after all.
    let late = shop.memory.commit(&shop.commits()[0]).await;

    assert_eq!(unknown.verdict(), Verdict::RETRY);
    assert!(!again.replayed);
    assert!(matches!(late, Err(CommitError::Condition { record: true })), "{late:?}");
    assert_eq!(shop.journal().await.len(), 1);
}

#[tokio::test]
async fn after_an_unknown_outcome_that_was_written_the_repeat_finds_out() {
    let shop = Shop::new();
    shop.mishaps([Mishap::RequestLost; 4]);
    let unknown = place(&shop, "1", "key").await.unwrap_err();
    shop.memory.commit(&shop.commits()[0]).await.unwrap();

    let again = place(&shop, "1", "key").await.unwrap();

    assert!(matches!(unknown, ExecuteError::Settle { .. }), "{unknown:?}");
    assert_eq!((again.output, again.replayed), (1, true));
    assert_eq!(shop.journal().await.len(), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_with_its_record() {
    let shop = Shop::new();
    place(&shop, "1", "key").await.unwrap();
    let remembered = place(&shop, "2", "key").await.unwrap_err();
    shop.clock.advance(Duration::from_hours(31 * 24));

    let refused = place(&shop, "1", "key").await.unwrap_err();
    let forgotten = place(&shop, "2", "key").await.unwrap();

    assert!(matches!(remembered, ExecuteError::KeyReused { .. }), "{remembered:?}");
    assert_eq!(refused.refusal().unwrap().code, "order-exists");
    assert!(!forgotten.replayed);
}

#[tokio::test]
async fn a_command_under_a_key_stands_in_its_chain() {
    let shop = Shop::new();
    place(&shop, "1", "key").await.unwrap();

    let key = RunKey::of_idempotency(&tenant(), &"key".parse().unwrap());
    let record = Inbox::find(&shop.memory, &key, shop.now()).await.unwrap().unwrap();
    let chain = "chain-1".parse().unwrap();
    let chain = Chain::read(shop.sources(), &tenant(), &chain).await.unwrap();

    assert_eq!((record.status, record.fingerprint.as_deref()), (RunStatus::Done, Some("1")));
    let roots: Vec<_> = chain.roots.iter().map(|root| root.name.as_str()).collect();
    assert_eq!(roots, ["place-order"]);
}

/// Answers with a text of its own length.
struct Write(usize);

impl Command for Write {
    const NAME: &'static str = "write";
    type Output = String;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, ShopError> {
        tx.save(&Order { id: "1".to_owned(), paid: false })?;
        Ok("x".repeat(self.0))
    }
}

#[tokio::test]
async fn an_answer_too_large_to_be_kept_is_given_once_and_its_command_is_done_once() {
    // As JSON it has its quotes, too.
    let fits = 256 * 1024 - 2;
    for (length, kept) in [(fits, true), (fits + 1, false)] {
        let shop = Shop::new();
        let first = shop.runtime.execute(&Write(length), &request(&shop, "key", "write")).await;
        assert_eq!(first.unwrap().output.len(), length);

        let again = shop.runtime.execute(&Write(length), &request(&shop, "key", "write")).await;

        if kept {
            assert!(again.unwrap().replayed);
        } else {
            let error = again.unwrap_err();
            assert_eq!(error.verdict(), Verdict::Permanent);
            assert_eq!(error.refusal().unwrap().code, "answer-not-kept");
        }
        let stored = shop.runtime.reader(&tenant()).get(&Order::at("1")).await.unwrap();
        assert_eq!(stored.unwrap().version, 1);
    }
}
