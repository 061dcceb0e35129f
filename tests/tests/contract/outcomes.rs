//! What the runtime makes of a DynamoDB that is contended, does not answer, or is not there.

use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Order, PlaceOrder, Settings, ShopError, reactions};
use postroom::memory::{MemoryQueue, SeededIds};
use postroom::port::{Claim, Claimed, Run, RunKey, Slots, SlotsAsked, StoreError};
use postroom::{
    Classify, Command, Courier, ExecuteError, Idempotency, Ids, Origin, Ports, Reader, Runtime,
    SystemClock, SystemIds, TenantId, Tx, Verdict,
};
use serde_json::json;

use crate::endpoint::Endpoint;

fn runtime(endpoint: &mut Endpoint, most_open_orders: u32) -> Runtime {
    let adapters = endpoint.adapters();
    let queue = MemoryQueue::new(["charge-card"]);
    let courier = Courier::new(adapters.outbox, Arc::new(queue), Arc::new(SystemClock));
    let ports = Ports {
        store: adapters.store,
        journal: adapters.journal,
        inbox: adapters.inbox,
        courier,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    Runtime::new(ports, reactions(&Settings { most_open_orders }))
}

fn tenant() -> TenantId {
    "demo".parse().unwrap()
}

fn origin(seed: u64) -> Origin {
    Origin {
        command_id: SeededIds::new(seed).fresh().into(),
        tenant_id: tenant(),
        actor_id: None,
        correlation_id: "req-1".parse().unwrap(),
        traceparent: None,
        idempotency: None,
    }
}

fn place(order: &str) -> PlaceOrder {
    PlaceOrder { order: order.to_owned() }
}

async fn events(endpoint: &mut Endpoint) -> usize {
    let journal = endpoint.adapters().journal;
    let chain = journal.chain(&tenant(), &origin(0).correlation_id, None).await.unwrap();
    chain.items.len()
}

async fn version(reader: &Reader, order: &str) -> Option<u64> {
    reader.get(&Order::at(order)).await.unwrap().map(|order| order.version)
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_happens_twice() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    endpoint.fault("dynamodb.TransactWriteItems", 1, json!({"drop_response": true})).await;

    let executed = runtime.execute(&place("a"), &origin(1)).await.unwrap();

    assert!(!executed.replayed);
    assert_eq!(version(&runtime.reader(&tenant()), "a").await, Some(1));
    assert_eq!(events(&mut endpoint).await, 1);
    assert_eq!(endpoint.calls("dynamodb.TransactWriteItems").await, 2);
}

#[tokio::test]
async fn a_store_that_is_down_for_a_moment_is_asked_again() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    endpoint.fault("dynamodb.TransactWriteItems", 2, json!({"status": 503})).await;

    runtime.execute(&place("a"), &origin(1)).await.unwrap();

    assert_eq!(events(&mut endpoint).await, 1);
    assert_eq!(endpoint.calls("dynamodb.TransactWriteItems").await, 3);
}

#[tokio::test]
async fn a_read_that_fails_in_passing_is_repeated() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    endpoint.fault("dynamodb.GetItem", 2, json!({"status": 503})).await;

    assert_eq!(version(&runtime.reader(&tenant()), "a").await, None);

    assert_eq!(endpoint.calls("dynamodb.GetItem").await, 3);
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_granted_to_its_owner() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    let now = runtime.ports().clock.now();
    let message_id = SystemIds.fresh().into();
    let run = Run {
        key: RunKey::of_handler("charge-card", message_id),
        handler: "charge-card".to_owned(),
        message_id,
        tenant_id: tenant(),
        actor_id: None,
        correlation_id: origin(1).correlation_id,
        started_at: now,
        expires_at: now + Duration::from_hours(1),
    };
    let owner = SystemIds.fresh().into();
    let claim = Claim { run, owner, until: now + Duration::from_mins(1) };
    endpoint.fault("dynamodb.UpdateItem", 1, json!({"drop_response": true})).await;

    let claimed = runtime.ports().inbox.claim(&claim).await.unwrap();

    assert_eq!(claimed, Claimed::Granted { attempts: 0, unknown: false });
    assert_eq!(endpoint.calls("dynamodb.UpdateItem").await, 2);
}

#[tokio::test]
async fn a_store_that_stays_down_is_given_up_after_a_few_sendings() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    endpoint.fault("dynamodb.TransactWriteItems", 100, json!({"status": 400})).await;

    let error = runtime.execute(&place("a"), &origin(1)).await.unwrap_err();

    assert!(matches!(error, ExecuteError::Settle { .. }), "{error:?}");
    assert_eq!(endpoint.calls("dynamodb.TransactWriteItems").await, 4);
}

#[tokio::test]
async fn a_command_sent_twice_at_once_takes_effect_once() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let (left, right) = (runtime(&mut endpoint, 10), runtime(&mut endpoint, 10));
    let (command, origin) = (place("a"), origin(1));

    let (left, right) =
        tokio::join!(left.execute(&command, &origin), right.execute(&command, &origin));

    assert_ne!(left.unwrap().replayed, right.unwrap().replayed);
    assert_eq!(events(&mut endpoint).await, 1);
}

#[tokio::test]
async fn of_many_who_race_for_the_last_place_one_gets_it() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 1);
    let (commands, origins) = (["a", "b", "c"].map(place), [1, 2, 3].map(origin));

    let (first, second, third) = tokio::join!(
        runtime.execute(&commands[0], &origins[0]),
        runtime.execute(&commands[1], &origins[1]),
        runtime.execute(&commands[2], &origins[2]),
    );

    let placed = [&first, &second, &third].into_iter().filter(|result| result.is_ok()).count();
    assert_eq!(placed, 1, "{first:?} {second:?} {third:?}");
    assert_eq!(events(&mut endpoint).await, 1);
}

/// A request under a key.
fn keyed(seed: u64, fingerprint: &str) -> Origin {
    let (key, fingerprint) = ("key".parse().unwrap(), fingerprint.to_owned());
    Origin { idempotency: Some(Idempotency { key, fingerprint }), ..origin(seed) }
}

#[tokio::test]
async fn of_twins_under_one_key_one_commits_and_the_others_repeat_it() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    let origins = [1, 2, 3, 4].map(|seed| keyed(seed, "a"));
    let command = place("a");

    let twins = origins.each_ref().map(|origin| runtime.execute(&command, origin));
    let [first, second, third, fourth] = twins;
    let (first, second, third, fourth) = tokio::join!(first, second, third, fourth);

    let done = [first, second, third, fourth].map(Result::unwrap);
    assert_eq!(done.iter().filter(|done| !done.replayed).count(), 1);
    assert!(done.iter().all(|done| done.output == 1));
    assert_eq!(events(&mut endpoint).await, 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_refused() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    runtime.execute(&place("a"), &keyed(1, "a")).await.unwrap();

    let error = runtime.execute(&place("b"), &keyed(2, "b")).await.unwrap_err();

    assert!(matches!(error, ExecuteError::KeyReused { .. }), "{error:?}");
    assert_eq!(version(&runtime.reader(&tenant()), "b").await, None);
}

/// Refuses without a look.
struct Refused;

impl Command for Refused {
    const NAME: &'static str = "refused";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, _: &mut Tx) -> Result<(), ShopError> {
        Err(ShopError::TooManyOpen { limit: 0 })
    }
}

#[tokio::test]
async fn a_refusal_is_no_answer_while_nobody_knows_whether_the_request_was_done_before() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let runtime = runtime(&mut endpoint, 10);
    endpoint.fault("dynamodb.GetItem", 3, json!({"status": 503})).await;

    let unknown = runtime.execute(&Refused, &keyed(1, "a")).await.unwrap_err();
    let refused = runtime.execute(&Refused, &keyed(1, "a")).await.unwrap_err();

    assert!(matches!(unknown, ExecuteError::Settle { .. }), "{unknown:?}");
    assert_eq!(unknown.verdict(), Verdict::RETRY);
    assert!(matches!(refused, ExecuteError::Command { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_rate_that_too_many_ask_for_is_busy_and_not_out_of_reach() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let rates = endpoint.adapters().rates;
    let asked = SlotsAsked {
        provider: "bank",
        every: Duration::from_secs(1),
        count: 1,
        now: "2026-11-21T09:30:00Z".parse().unwrap(),
        patience: Duration::ZERO,
    };

    endpoint.fault("dynamodb.UpdateItem", 1, json!({"status": 400})).await;
    let throttled_at_once = rates.take(&asked).await.unwrap();
    let taken = rates.take(&asked).await.unwrap();
    endpoint.fault("dynamodb.UpdateItem", 1, json!({"status": 503})).await;
    let lost = rates.take(&asked).await;

    assert_eq!(throttled_at_once, Slots::Busy);
    assert!(matches!(taken, Slots::Taken { .. }), "{taken:?}");
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    assert_eq!(endpoint.calls("dynamodb.UpdateItem").await, 4, "none is repeated");
}
