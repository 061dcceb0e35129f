//! What follows when a webhook tells of a payment or a refund.

use std::time::Duration;

use postroom::Disposition;
use postroom::port::{DeadLetter, FailureClass};
use serde_json::{Value, json};

use super::world::World;
use crate::AccountId;
use crate::ledger::CloseAccount;
use crate::payments::SettlePayments;
use crate::webhooks::{ReceiptStatus, ReceiveWebhook, StripeEvent};

fn paid(event: &str, account_id: AccountId, amount: i64, currency: &str) -> Value {
    json!({ "id": event, "type": "payment_intent.succeeded", "created": 1_763_717_400, "data": { "object": {
        "id": "pi_1", "amount_received": amount, "currency": currency,
        "metadata": { "account_id": account_id } } } })
}

fn refunded(event: &str, amount: i64, currency: &str) -> Value {
    json!({ "id": event, "type": "charge.refunded", "created": 1_763_717_500, "data": { "object": {
        "id": "ch_1", "payment_intent": "pi_1", "amount_refunded": amount, "currency": currency } } })
}

impl World {
    /// Receives a webhook; answers the message that it left for the worker, or none of a duplicate.
    async fn received(&self, event: &Value) -> Option<String> {
        let event: StripeEvent = serde_json::from_value(event.clone()).unwrap();
        let command = ReceiveWebhook::try_from(event).unwrap();
        let receipt = self.execute(&command).await.unwrap();
        let sent = self.queue.sent(SettlePayments::NAME).into_iter().next_back();
        (receipt.status == ReceiptStatus::Received).then(|| sent.unwrap().body)
    }

    /// Receives a webhook and works on it.
    async fn told(&self, event: &Value) -> Disposition {
        let message = self.received(event).await.unwrap();
        self.deliver_to(&self.settler(), &message).await
    }

    /// What an account holds: a cent is paid in to see it, and out again.
    async fn balance(&self, account_id: AccountId) -> i64 {
        self.pay_in(account_id, 1).await;
        self.pay_out(account_id, 1).await.balance.amount_minor
    }

    /// The reasons of dead letters.
    fn parked(&self) -> Vec<String> {
        self.memory.dead_letters().iter().map(DeadLetter::reason).collect()
    }
}

#[tokio::test]
async fn a_payment_is_deposited_in_the_account_that_it_names_and_the_webhook_is_why() {
    let world = World::new();
    let account_id = world.opened().await;

    let done = world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;

    assert_eq!(done, Disposition::Acknowledge);
    assert_eq!(world.balance(account_id).await, 5_000);
    let records = world.memory.journal_records();
    let of_type = |wanted: &str| records.iter().find(|one| one.envelope.r#type == wanted).unwrap();
    let (received, deposited) = (of_type("webhook.received"), of_type("money.deposited"));
    assert_eq!(received.envelope.subject, "webhooks/stripe:evt_1");
    assert_eq!(deposited.envelope.causation_id, received.envelope.id);
    assert_eq!(deposited.envelope.data["description"], "Payment pi_1");
}

#[tokio::test]
async fn a_webhook_that_is_sent_again_is_a_duplicate_and_leaves_no_message() {
    let world = World::new();
    let account_id = world.opened().await;
    let event = paid("evt_1", account_id, 5_000, "nzd");
    world.told(&event).await;

    let again = world.received(&event).await;

    assert_eq!(again, None);
    assert_eq!(world.queue.sent(SettlePayments::NAME).len(), 1);
}

#[tokio::test]
async fn a_payment_that_two_events_tell_of_is_deposited_once() {
    let world = World::new();
    let account_id = world.opened().await;

    world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;
    let second = world.received(&paid("evt_2", account_id, 5_000, "nzd")).await.unwrap();
    let done = world.deliver_to(&world.settler(), &second).await;

    assert_eq!(done, Disposition::Acknowledge);
    assert_eq!(world.balance(account_id).await, 5_000);
    let skipped = world.skipped(SettlePayments::NAME, &second).await;
    assert_eq!(skipped.as_deref(), Some("the payment is settled"));
}

#[tokio::test]
async fn refunds_are_withdrawn_by_what_their_sum_has_grown_in_whatever_order_they_come() {
    let world = World::new();
    let account_id = world.opened().await;
    world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;

    let mut balances = Vec::new();
    for (event, sum) in [("evt_2", 1_000), ("evt_4", 3_000), ("evt_3", 2_000), ("evt_5", 5_000)] {
        world.told(&refunded(event, sum, "nzd")).await;
        balances.push(world.balance(account_id).await);
    }
    world.told(&refunded("evt_6", 5_000, "nzd")).await;

    assert_eq!(balances, [4_000, 2_000, 2_000, 0]);
    assert_eq!(world.balance(account_id).await, 0);
    assert!(world.parked().is_empty());
}

#[tokio::test]
async fn a_refund_that_overtakes_its_payment_waits_for_it() {
    let world = World::new();
    let account_id = world.opened().await;
    let refund = world.received(&refunded("evt_2", 1_000, "nzd")).await.unwrap();

    let early = world.deliver_to(&world.settler(), &refund).await;
    world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;
    world.wait(Duration::from_mins(1));
    let late = world.deliver_to(&world.settler(), &refund).await;

    assert!(matches!(early, Disposition::Redeliver { .. }), "{early:?}");
    assert_eq!(late, Disposition::Acknowledge);
    assert_eq!(world.balance(account_id).await, 4_000);
}

#[tokio::test]
async fn a_refund_of_money_that_is_gone_is_parked_and_made_up_for_by_the_next() {
    let world = World::new();
    let account_id = world.opened().await;
    world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;
    world.pay_out(account_id, 4_500).await;

    let short = world.told(&refunded("evt_2", 1_000, "nzd")).await;
    let parked = world.parked();
    world.told(&paid_as("pi_2", "evt_3", account_id, 9_500)).await;
    world.told(&refunded("evt_4", 1_500, "nzd")).await;

    assert_eq!(short, Disposition::Acknowledge);
    let [reason] = parked.try_into().unwrap();
    assert!(reason.contains("has 500 NZD available, not 1000 NZD"), "{reason}");
    assert_eq!(world.balance(account_id).await, 10_000 - 1_500);
}

fn paid_as(payment: &str, event: &str, account_id: AccountId, amount: i64) -> Value {
    let mut paid = paid(event, account_id, amount, "nzd");
    paid["data"]["object"]["id"] = json!(payment);
    paid
}

#[tokio::test]
async fn what_cannot_be_booked_is_parked_with_its_reason_and_books_nothing() {
    let world = World::new();
    let (account_id, closed) = (world.opened().await, world.opened().await);
    world.execute(&CloseAccount { account_id: closed }).await.unwrap();
    let nobody = AccountId::from(uuid::Uuid::from_u128(1));
    let without = |pointer: &str, name: &str| {
        let mut event = paid("evt_1", account_id, 5_000, "nzd");
        event.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        event
    };
    let with = |name: &str, value: Value| {
        let mut event = paid("evt_1", account_id, 5_000, "nzd");
        event["data"]["object"][name] = value;
        event
    };

    for (number, (mut event, reason)) in [
        (paid("", nobody, 5_000, "nzd"), format!("there is no account {nobody}")),
        (paid("", closed, 5_000, "nzd"), format!("account {closed} is closed")),
        (paid("", account_id, 5_000, "eur"), "holds NZD, not EUR".to_owned()),
        (paid("", account_id, 0, "nzd"), "not 0 NZD".to_owned()),
        (paid("", account_id, -1, "nzd"), "not -1 NZD".to_owned()),
        (without("/data/object", "metadata"), "missing field `metadata`".to_owned()),
        (without("/data/object/metadata", "account_id"), "at `metadata`: missing".to_owned()),
        (with("amount_received", json!(50.5)), "at `amount_received`".to_owned()),
        (with("amount_received", json!("5000")), "at `amount_received`".to_owned()),
        (with("currency", json!("dollars")), "at `currency`".to_owned()),
        (with("id", json!("pi 1")), "at `id`".to_owned()),
        (with("metadata", json!({ "account_id": "1" })), "at `metadata.account_id`".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("evt_{number}");
        event["id"] = json!(id);
        let done = world.told(&event).await;

        assert_eq!(done, Disposition::Acknowledge, "{event}");
        let letters = world.memory.dead_letters();
        let letter =
            letters.iter().find(|letter| letter.body.contains(&format!("{id}\""))).unwrap();
        assert!(letter.reason().contains(&reason), "{event}: {}", letter.reason());
        assert_eq!((letter.class, letter.attempts), (FailureClass::Permanent, 1), "{event}");
    }
    assert_eq!(world.balance(account_id).await, 0);
}

#[tokio::test]
async fn a_refund_that_does_not_belong_to_its_payment_is_parked() {
    let world = World::new();
    let account_id = world.opened().await;
    world.told(&paid("evt_1", account_id, 5_000, "nzd")).await;

    world.told(&refunded("evt_2", 5_001, "nzd")).await;
    world.told(&refunded("evt_3", 1_000, "eur")).await;

    let mut parked = world.parked();
    parked.sort();
    assert!(parked[0].contains("was in NZD, and is said to be given back in EUR"), "{parked:?}");
    assert!(parked[1].contains("was of 5000 NZD, and 5001 NZD of it"), "{parked:?}");
    assert_eq!(world.balance(account_id).await, 5_000);
}

#[tokio::test]
async fn what_no_money_follows_from_is_recorded_and_let_be() {
    let world = World::new();
    let account_id = world.opened().await;
    let mut event = paid("evt_1", account_id, 5_000, "nzd");
    event["type"] = json!("payment_intent.created");

    let message = world.received(&event).await.unwrap();
    let done = world.deliver_to(&world.settler(), &message).await;

    assert_eq!(done, Disposition::Acknowledge);
    let skipped = world.skipped(SettlePayments::NAME, &message).await;
    assert_eq!(skipped.as_deref(), Some("no money follows from this kind"));
    assert_eq!(world.events(), ["account.opened", "webhook.received"]);
}
