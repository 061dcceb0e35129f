//! A depot whose events can be replayed: to one handler that writes to people, and to one that only counts.

use std::collections::BTreeMap;
use std::time::Duration;

use postroom::doc_example::{Order, ShopError};
use postroom::port::OutboxRow;
use postroom::{
    Command, Envelope, Event, Listener, Message, MessageId, Origin, Outcome, Place, RawEnvelope,
    ReplayOrder, ReplayStatus, Replays, Stored, StreamId, Tx, Worker, reactions,
};
use serde::{Deserialize, Serialize};

use crate::shop::{Shop, tenant};

macro_rules! happens {
    ($($name:ident $type:literal;)*) => {$(
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) struct $name {
            parcel: String,
        }

        impl Message for $name {
            const TYPE: &'static str = $type;
        }

        impl Event for $name {
            fn stream(&self) -> StreamId {
                Order::at(&self.parcel).stream()
            }
        }
    )*};
}
happens! {
    ParcelSent "parcel.sent";
    ParcelLost "parcel.lost";
    ShelfCounted "shelf.counted";
}

/// How often a handler took effect.
#[derive(Default, Serialize, Deserialize)]
struct Effects {
    of: String,
    count: u32,
}

impl Effects {
    async fn count(handler: &str, tx: &mut Tx) -> Result<Outcome, ShopError> {
        let found = tx.load(&Place::<Self>::new(handler)).await?.unwrap_or_default();
        tx.save(&Self { of: handler.to_owned(), count: found.count + 1 })?;
        Ok(Outcome::DONE)
    }
}

impl Stored for Effects {
    const COLLECTION: &'static str = "effects";

    fn place(&self) -> Place<Self> {
        Place::new(&self.of)
    }
}

macro_rules! reacts {
    ($($handler:ident $name:literal to $event:ident, $replayable:literal;)*) => {$(
        impl Listener<$event> for $handler {
            const NAME: &'static str = $name;
            const REPLAYABLE: bool = $replayable;
            type Error = ShopError;

            async fn on(&self, _: &Envelope<$event>, tx: &mut Tx) -> Result<Outcome, ShopError> {
                Effects::count($name, tx).await
            }
        }
    )*};
}

/// Writes to people: what it has done must not be done once more.
pub(crate) struct TellOwner;

/// Counts, and may do so once more, but for what is lost.
pub(crate) struct CountParcels;

reacts! {
    TellOwner "tell-owner" to ParcelSent, false;
    TellOwner "tell-owner" to ParcelLost, false;
    CountParcels "count-parcels" to ParcelSent, true;
    CountParcels "count-parcels" to ParcelLost, false;
}

reactions! {
    pub(crate) fn parcels(settings: &());

    ParcelSent {
        published TellOwner,
        queued CountParcels,
    }
    ParcelLost {
        queued TellOwner,
        queued CountParcels,
    }
    ShelfCounted {}
}

/// As the table was before counting had a queue.
pub(crate) mod before {
    use super::{CountParcels, ParcelSent};

    postroom::reactions! {
        pub(crate) fn parcels_of_request(settings: &());
    }

    /// With the reaction in the request; the event has its row in the other table.
    pub(crate) fn table() -> postroom::Reactions {
        let mut table = parcels_of_request(&());
        table.row::<ParcelSent>().in_request(CountParcels);
        table
    }
}

/// Lets something happen to a parcel.
struct Happen {
    parcel: String,
    what: &'static str,
}

impl Command for Happen {
    const NAME: &'static str = "happen";
    type Output = MessageId;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<MessageId, ShopError> {
        tx.load(&Order::at(&self.parcel)).await?;
        tx.save(&Order { id: self.parcel.clone(), paid: true })?;
        let parcel = self.parcel.clone();
        Ok(match self.what {
            ParcelSent::TYPE => tx.emit(ParcelSent { parcel })?,
            ParcelLost::TYPE => tx.emit(ParcelLost { parcel })?,
            _ => tx.emit(ShelfCounted { parcel })?,
        })
    }
}

impl Shop {
    /// A depot.
    pub(crate) fn depot() -> Self {
        Self::with(parcels(&()))
    }

    /// The same depot, with another table.
    pub(crate) fn runtime_of(&self, table: postroom::Reactions) -> postroom::Runtime {
        postroom::Runtime::new(self.runtime.ports().clone(), table)
    }

    pub(crate) fn replays(&self) -> Replays {
        Replays::new(self.runtime.clone())
    }

    pub(crate) async fn happen(&self, what: &'static str, parcel: &str) -> MessageId {
        self.happen_to(what, parcel, &self.origin()).await
    }

    pub(crate) async fn happen_to(
        &self,
        what: &'static str,
        parcel: &str,
        origin: &Origin,
    ) -> MessageId {
        let command = Happen { parcel: parcel.to_owned(), what };
        self.runtime.execute(&command, origin).await.unwrap().output
    }

    /// Sends a parcel, as another table has it.
    pub(crate) async fn happen_in(&self, table: postroom::Reactions, parcel: &str) {
        let command = Happen { parcel: parcel.to_owned(), what: ParcelSent::TYPE };
        self.runtime_of(table).execute(&command, &self.origin()).await.unwrap();
    }

    /// Parcels that were sent, one event each; the queues have them.
    pub(crate) async fn sends(&self, parcels: std::ops::Range<u32>) -> Vec<MessageId> {
        let mut ids = Vec::new();
        for parcel in parcels {
            ids.push(self.happen(ParcelSent::TYPE, &format!("{parcel:03}")).await);
        }
        self.clock.advance(Duration::from_secs(1));
        ids
    }

    pub(crate) async fn ask(&self, order: &ReplayOrder) -> ReplayStatus {
        self.replays().request(order, &self.origin()).await.unwrap().output
    }

    pub(crate) async fn replay(&self, status: &ReplayStatus) -> ReplayStatus {
        self.replays().find(&status.id.to_string()).await.unwrap().unwrap()
    }

    /// What replays have put into the outbox, the first that is due before the others.
    pub(crate) async fn staged(&self) -> Vec<OutboxRow> {
        let mut rows = self.outbox().await;
        rows.retain(|row| RawEnvelope::parse(&row.body).unwrap().replay.is_some());
        rows.sort_by_key(|row| (row.due, row.message_id));
        rows
    }

    /// Which events those are, in the order of their ids, however often each.
    pub(crate) async fn staged_ids(&self) -> Vec<MessageId> {
        let mut ids: Vec<_> = self.staged().await.iter().map(|row| row.message_id).collect();
        ids.sort();
        ids
    }

    /// Runs the replays, minute by minute, until nothing is left to go on with.
    pub(crate) async fn replayed(&self) {
        for _ in 0..100 {
            self.replays().resend(None).await.unwrap();
            let replays = self.replays().list(100, None).await.unwrap().items;
            if replays.iter().all(|replay| replay.ended_at.is_some()) {
                return;
            }
            self.clock.advance(Duration::from_mins(1));
        }
        panic!("a replay has no end");
    }

    /// Takes a minute's messages to their queues, and lets the handlers work; answers how often each took effect so far.
    pub(crate) async fn delivered(&self) -> BTreeMap<&'static str, u32> {
        self.clock.advance(Duration::from_mins(2));
        let far = jiff::Timestamp::constant(1_900_000_000, 0);
        self.runtime.ports().courier.relay(self.now(), far).await.unwrap();
        let mut effects = BTreeMap::new();
        for handler in ["tell-owner", "count-parcels"] {
            let letters = std::sync::Arc::new(self.memory.clone());
            let worker = Worker::new(handler, self.runtime.clone(), letters);
            let worker = match handler {
                "tell-owner" => {
                    worker.listener::<ParcelSent, _>(TellOwner).listener::<ParcelLost, _>(TellOwner)
                }
                _ => worker
                    .listener::<ParcelSent, _>(CountParcels)
                    .listener::<ParcelLost, _>(CountParcels),
            };
            for (index, row) in self.queue.sent(handler).into_iter().enumerate() {
                let record = postroom::Record {
                    message_id: format!("{handler}-{index}"),
                    body: row.body,
                    group: None,
                    receives: 1,
                    refused: None,
                };
                let done = worker.process(&[record], None).await;
                assert_eq!(done, [postroom::Disposition::Acknowledge]);
            }
            let found = self.runtime.reader(&tenant()).get(&Place::<Effects>::new(handler)).await;
            effects.insert(handler, found.unwrap().map_or(0, |found| found.value.count));
        }
        effects
    }
}

/// All that a handler takes, as fast as may be.
pub(crate) fn to(handler: &str) -> ReplayOrder {
    ReplayOrder {
        handler: handler.to_owned(),
        per_minute: Replays::MOST_PER_MINUTE,
        ..ReplayOrder::default()
    }
}
