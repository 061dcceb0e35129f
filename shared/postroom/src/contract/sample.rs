//! Transactions, runs and rows to try adapters with; every sample has a tenant of its own.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::later;
use crate::contract::Adapters;
use crate::envelope::{Envelope, Header};
use crate::id::{ActorId, CorrelationId, MessageId, OwnerToken, TenantId};
use crate::message::Message;
use crate::port::{
    Claim, Claimed, CommitError, Destination, FailedAs, FailedRun, InRequest, Item, JournalRecord,
    OutboxRow, Run, RunKey,
};
use crate::stored::{Key, Place, Stored};
use crate::transaction::{Completion, End, Fence, Guard, ItemWrite, Transaction};

/// What is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Thing {
    id: String,
}

impl Stored for Thing {
    const COLLECTION: &'static str = "things";

    fn place(&self) -> Place<Self> {
        Place::new(&self.id)
    }
}

/// What happens to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ThingMoved {
    by: u64,
}

impl Message for ThingMoved {
    const TYPE: &'static str = "thing.moved";
}

/// One tenant, in one chain.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) tenant: TenantId,
    pub(super) correlation_id: CorrelationId,
}

/// The time all samples begin at, and so many seconds later.
pub(super) fn at(seconds: u64) -> Timestamp {
    let start = Timestamp::new(1_795_253_400, 0).unwrap_or_default();
    later(start, Duration::from_secs(seconds))
}

/// An owner nobody else is.
pub(super) fn owner() -> OwnerToken {
    Uuid::now_v7().into()
}

/// An outside service that nobody else calls.
pub(super) fn provider() -> String {
    format!("bank-{}", Uuid::now_v7())
}

impl Sample {
    pub(super) fn new() -> Self {
        let id = Uuid::now_v7();
        Self {
            // With the characters that keys have to escape.
            tenant: format!("tenant#{id}%").parse().unwrap(),
            correlation_id: format!("chain-{id}").parse().unwrap(),
        }
    }

    pub(super) fn key(&self, id: &str) -> Key {
        Place::<Thing>::new(id).key(&self.tenant)
    }

    pub(super) fn key_within(&self, parent: &str, id: &str) -> Key {
        Place::<Thing>::within(parent, id).key(&self.tenant)
    }

    /// A run of a message of its own, begun at the samples' time and remembered for an hour.
    pub(super) fn run(&self) -> Run {
        let message_id = MessageId::from(Uuid::now_v7());
        Run {
            key: RunKey::of_handler("move-thing", message_id),
            handler: "move-thing".to_owned(),
            message_id,
            tenant_id: self.tenant.clone(),
            actor_id: Some("ann".parse::<ActorId>().unwrap()),
            correlation_id: self.correlation_id.clone(),
            started_at: at(0),
            expires_at: at(3600),
        }
    }

    /// A transaction that only records its run.
    pub(super) fn tx(&self) -> Transaction {
        tx_of(self.run(), Fence::NotDone)
    }

    /// A transaction with these writes.
    pub(super) fn tx_with(&self, items: impl IntoIterator<Item = ItemWrite>) -> Transaction {
        Transaction { items: items.into_iter().collect(), ..self.tx() }
    }

    pub(super) fn event(&self, id: &str, version: u64) -> JournalRecord {
        let header = Header {
            id: Uuid::now_v7().into(),
            subject: Place::<Thing>::new(id).stream().to_string(),
            time: at(version),
            correlation_id: self.correlation_id.clone(),
            causation_id: Uuid::now_v7().into(),
            traceparent: None,
            tenant_id: self.tenant.clone(),
            actor_id: None,
            stream_version: Some(version),
            hops: 1,
        };
        let reaction =
            InRequest { handler: "history".to_owned(), writes: 1, skipped: Some("old".to_owned()) };
        JournalRecord {
            envelope: Envelope::seal(header, ThingMoved { by: u64::MAX }).to_raw().unwrap(),
            by: "move-thing".to_owned(),
            in_request: vec![reaction],
            queued: vec!["tell-owner".to_owned()],
        }
    }

    /// A message due at a time, in a shard.
    pub(super) fn row(&self, due: Timestamp, shard: u8) -> OutboxRow {
        let mut id = *Uuid::now_v7().as_bytes();
        id[15] = shard;
        OutboxRow {
            message_id: Uuid::from_bytes(id).into(),
            to: Destination::Queue("tell-owner".to_owned()),
            due,
            body: json!({"text": "grüße \u{1F4EE} \"#%"}).to_string(),
            r#type: "thing.moved".to_owned(),
            correlation_id: self.correlation_id.clone(),
            group: None,
            decision: None,
        }
    }

    /// A message of a group, likewise.
    pub(super) fn row_in_order(&self, due: Timestamp, shard: u8, group: &str) -> OutboxRow {
        let to = Destination::Queue("tell-in-order".to_owned());
        OutboxRow { to, group: Some(group.to_owned()), ..self.row(due, shard) }
    }
}

/// A transaction that only records a run.
pub(super) fn tx_of(run: Run, fence: Fence) -> Transaction {
    let finished_at = later(run.started_at, Duration::from_millis(1));
    Transaction {
        token: Uuid::now_v7().into(),
        items: Vec::new(),
        ends: Vec::new(),
        events: Vec::new(),
        outbox: Vec::new(),
        cancelled: Vec::new(),
        letters: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
        completion: Completion {
            run,
            fence,
            finished_at,
            end: End::Done { skipped: None, output: None, fingerprint: None },
            actions: 1,
        },
    }
}

/// Writes an item as a new one.
pub(super) fn save_new(key: &Key, data: Value) -> ItemWrite {
    ItemWrite::Save { key: key.clone(), guard: Guard::Absent, head: 0, live: None, data }
}

/// Writes an item over a version.
pub(super) fn save_over(key: &Key, version: u64, data: Value) -> ItemWrite {
    ItemWrite::Save { key: key.clone(), guard: Guard::Version(version), head: 0, live: None, data }
}

pub(super) fn put_view(key: &Key, data: Value) -> ItemWrite {
    ItemWrite::PutView { key: key.clone(), data }
}

pub(super) fn check(key: &Key, guard: Guard) -> ItemWrite {
    ItemWrite::Check { key: key.clone(), guard }
}

/// A claim of a run for a minute from its start.
pub(super) fn claim(run: &Run, owner: OwnerToken) -> Claim {
    Claim { run: run.clone(), owner, until: later(run.started_at, Duration::from_mins(1)) }
}

/// A failed attempt that is to be repeated.
pub(super) fn failure(run: &Run, owner: Option<OwnerToken>) -> FailedRun {
    let (run, at) = (run.clone(), later(run.started_at, Duration::from_secs(1)));
    FailedRun { run, owner, at, outcome: FailedAs::Attempt, reason: "it rained".to_owned() }
}

/// A failed attempt that was the last.
pub(super) fn parking(run: &Run, owner: Option<OwnerToken>) -> FailedRun {
    FailedRun { outcome: FailedAs::ForGood, ..failure(run, owner) }
}

/// The same run, begun later.
pub(super) fn begun(run: &Run, started_at: Timestamp) -> Run {
    Run { started_at, expires_at: later(started_at, Duration::from_hours(1)), ..run.clone() }
}

pub(super) const FIRST: Claimed = Claimed::Granted { attempts: 0, unknown: false };

impl Adapters {
    pub(super) async fn commit(&self, tx: &Transaction) {
        self.store.commit(tx).await.unwrap();
    }

    pub(super) async fn item(&self, key: &Key) -> Option<Item> {
        self.store.get(key).await.unwrap()
    }

    /// The data and version at a key.
    pub(super) async fn version_of(&self, key: &Key) -> Option<(u64, Value)> {
        self.item(key).await.map(|item| (item.version, item.data))
    }

    /// Expects a lost race that wrote nothing, and whether the inbox record was part of it.
    pub(super) async fn loses(&self, tx: &Transaction, record: bool) {
        match self.store.commit(tx).await {
            Err(CommitError::Condition { record: found }) => assert_eq!(found, record),
            other => panic!("expected a lost race, not {other:?}"),
        }
    }

    /// How many attempts have failed with this one.
    pub(super) async fn fails(&self, failed: &FailedRun) -> u32 {
        self.inbox.fail(failed).await.unwrap().attempts
    }

    pub(super) async fn claimed(&self, claim: &Claim) -> Claimed {
        self.inbox.claim(claim).await.unwrap()
    }
}
