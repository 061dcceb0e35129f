//! What a replay sends once more: a duplicate of what was done, or a run of its own where its handler permits that.

mod marks;
mod runs;
mod emitted;
mod refused;
mod letters;

use std::sync::Arc;
use std::time::Duration;

use postroom::doc_example::{Bank, Order, OrderPaid, OrderPlaced, ShopError};
use postroom::port::{Inbox, RunKey, RunStatus};
use postroom::{
    Effects, Envelope, Job, Message, OnUnknown, Outcome, RawEnvelope, Reactions, Record, ReplayId,
    Routed, Task, Tx, Worker,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shop::{ScriptedBank, Shop, key};

/// A note about an order, for somebody else to write.
#[derive(Serialize, Deserialize)]
pub(crate) struct Note {
    key: Option<String>,
}

impl Message for Note {
    const TYPE: &'static str = "note.write";
}

impl Task for Note {
    fn subject(&self) -> String {
        "1".to_owned()
    }

    fn key(&self) -> Option<String> {
        self.key.clone()
    }
}

impl Routed for Note {}

/// Writes nothing.
struct WriteNote;

impl Job<Note> for WriteNote {
    const NAME: &'static str = "write-note";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<Note>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<Note>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

/// Charges a card, says so and has it noted; perhaps as often as a replay likes.
struct Charge<const REPLAYABLE: bool> {
    bank: ScriptedBank,
}

impl<const REPLAYABLE: bool> Job<OrderPlaced> for Charge<REPLAYABLE> {
    const NAME: &'static str = "charge-card";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    const KEPT: Duration = Duration::from_hours(24 * 90);
    const REPLAYABLE: bool = REPLAYABLE;
    type Done = String;
    type Error = ShopError;

    async fn perform(
        &self,
        _: &Envelope<OrderPlaced>,
        effects: &Effects,
    ) -> Result<Outcome<String>, ShopError> {
        self.bank.charge(effects.idempotency_key()).map(Outcome::Done)
    }

    async fn record(
        &self,
        message: &Envelope<OrderPlaced>,
        receipt: &String,
        tx: &mut Tx,
    ) -> Result<(), ShopError> {
        let order = message.data.order.clone();
        tx.load(&Order::at(&order)).await?;
        tx.save(&Order { id: order.clone(), paid: true })?;
        tx.emit(OrderPaid { order: order.clone(), receipt: receipt.clone() })?;
        tx.enqueue(Note { key: None }, Duration::ZERO)?;
        tx.enqueue(Note { key: Some(order) }, Duration::ZERO)?;
        Ok(())
    }
}

fn table<const REPLAYABLE: bool>() -> Reactions {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<Charge<REPLAYABLE>, _>();
    table.row::<Note>().queued::<WriteNote, _>();
    table
}

/// A shop whose card job is replayable, or not, and its worker.
fn shop<const REPLAYABLE: bool>(bank: &ScriptedBank) -> (Shop, Worker) {
    let shop = Shop::with(table::<REPLAYABLE>());
    let worker = shop.worker(Charge::<REPLAYABLE> { bank: bank.clone() });
    (shop, worker)
}

/// A replay.
fn replay(number: u32) -> ReplayId {
    format!("{number:08}-0000-7000-8000-000000000000").parse().unwrap()
}

/// A message as a replay sends it.
fn marked(record: &Record, number: u32, again: bool) -> Record {
    let mut body: Value = serde_json::from_str(&record.body).unwrap();
    body["replayid"] = json!(replay(number).to_string());
    if again {
        body["replayagain"] = json!(true);
    }
    let message_id = format!("{}-by-{number}", record.message_id);
    Record { message_id, body: body.to_string(), ..record.clone() }
}

/// Under which key a replay's own run of a message is remembered.
fn key_of(record: &Record, number: u32) -> RunKey {
    key(record).in_scope(Some(replay(number)))
}

async fn status(shop: &Shop, key: &RunKey) -> Option<(RunStatus, u32)> {
    let found = Inbox::find(&shop.memory, key, shop.now()).await.unwrap();
    found.map(|found| (found.status, found.attempts))
}

/// What was emitted when orders were paid, the first first.
async fn paid(shop: &Shop) -> Vec<RawEnvelope> {
    let mut events = shop.journal().await;
    events.retain(|event| event.envelope.r#type == OrderPaid::TYPE);
    events.sort_by_key(|event| event.envelope.stream_version);
    events.into_iter().map(|event| event.envelope).collect()
}

fn letters_of(shop: &Shop) -> Arc<postroom::memory::MemoryStore> {
    Arc::new(shop.memory.clone())
}
