//! Whatever lies in the outbox: what is sent and removed at once keeps within what SQS and DynamoDB take.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use postroom::memory::ManualClock;
use postroom::port::{
    Destination, Outbox, OutboxRow, Page, Posted, Queue, QueueError, StoreError, Topic, TopicError,
};
use postroom::{BoxFuture, Courier, MessageId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::input::{block, cases};

const NOW: Timestamp = Timestamp::constant(1_795_253_400, 0);

/// An outbox, its queues and its topic, of which some rows are refused.
#[derive(Default)]
struct Office {
    rows: Vec<OutboxRow>,
    refused: BTreeSet<MessageId>,
    sent: Mutex<Vec<(Destination, Vec<OutboxRow>)>>,
    removed: Mutex<Vec<Vec<OutboxRow>>>,
}

impl Outbox for Office {
    fn due<'a>(
        &'a self,
        shard: u8,
        _: Timestamp,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        let of_shard = self.rows.iter().filter(|row| row.shard() == shard);
        Box::pin(ready(Ok(Page { items: of_shard.cloned().collect(), next: None })))
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.removed.lock().unwrap().push(rows.to_vec());
        Box::pin(ready(Ok(())))
    }
}

impl Queue for Office {
    fn send<'a>(
        &'a self,
        handler: &'a str,
        rows: &'a [OutboxRow],
    ) -> BoxFuture<'a, Result<Posted, QueueError>> {
        let posted = self.take(Destination::Queue(handler.to_owned()), rows);
        Box::pin(ready(Ok(posted)))
    }
}

impl Topic for Office {
    fn publish<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<Posted, TopicError>> {
        let posted = self.take(Destination::Topic, rows);
        Box::pin(ready(Ok(posted)))
    }
}

impl Office {
    fn take(&self, to: Destination, rows: &[OutboxRow]) -> Posted {
        self.sent.lock().unwrap().push((to, rows.to_vec()));
        let refused = rows.iter().enumerate();
        let refused = refused.filter(|(_, row)| self.refused.contains(&row.message_id));
        Posted { refused: refused.map(|(index, _)| (index, "refused".to_owned())).collect() }
    }
}

/// A row to one of two handlers or to the topic, with a body of one of the sizes at which something changes.
fn row(number: usize, to: usize, kibibytes: usize) -> OutboxRow {
    // All in one shard, so that they meet: its number is the last byte.
    let id = format!("7b0c0000-0000-5000-8000-{:012x}", number * 256);
    OutboxRow {
        message_id: id.parse().unwrap(),
        to: [
            Destination::Queue("tell-owner".to_owned()),
            Destination::Queue("charge-card".to_owned()),
            Destination::Topic,
        ][to]
            .clone(),
        due: NOW,
        body: "x".repeat(kibibytes * 1024),
        r#type: "order.placed".to_owned(),
        correlation_id: "req-1".parse().unwrap(),
        group: None,
        decision: None,
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_row_is_sent_once_and_in_order_and_no_batch_is_too_large(
        rows in vec((0..3_usize, prop_oneof![0..4_usize, 99..104_usize, Just(200)]), 0..60),
        refused in vec(any::<Index>(), 0..5),
    ) {
        let rows: Vec<_> =
            rows.iter().enumerate().map(|(number, (to, size))| row(number, *to, *size)).collect();
        let refused = refused.iter().filter(|_| !rows.is_empty());
        let refused: BTreeSet<_> =
            refused.map(|index| rows[index.index(rows.len())].message_id).collect();
        let office = Arc::new(Office { rows, refused, ..Office::default() });
        let clock = Arc::new(ManualClock::at(NOW));
        let courier = Courier::new(office.clone(), office.clone(), clock).with_topic(office.clone());

        let relayed = block(courier.relay(NOW, Timestamp::MAX)).unwrap();

        let sent = office.sent.lock().unwrap().clone();
        let mut arrived: BTreeMap<Destination, Vec<OutboxRow>> = BTreeMap::new();
        for (to, batch) in sent {
            let bytes: usize = batch.iter().map(|row| row.body.len()).sum();
            let most = match to {
                Destination::Queue(_) => <dyn Queue>::BATCH_BYTES,
                Destination::Topic => <dyn Topic>::BATCH_BYTES,
            };
            prop_assert!((1..=10).contains(&batch.len()) && bytes <= most);
            arrived.entry(to).or_default().extend(batch);
        }
        let mut expected: BTreeMap<Destination, Vec<OutboxRow>> = BTreeMap::new();
        for row in &office.rows {
            expected.entry(row.to.clone()).or_default().push(row.clone());
        }
        prop_assert_eq!(&arrived, &expected);
        let removed = office.removed.lock().unwrap().clone();
        prop_assert!(removed.iter().all(|batch| (1..=25).contains(&batch.len())));
        let removed: BTreeSet<_> = removed.iter().flatten().map(|row| row.message_id).collect();
        let kept = office.rows.iter().map(|row| row.message_id);
        let accepted: BTreeSet<_> = kept.filter(|id| !office.refused.contains(id)).collect();
        prop_assert_eq!(removed, accepted);
        prop_assert_eq!(relayed.sent + relayed.left, office.rows.len());
        prop_assert_eq!(relayed.left, office.refused.len());
    }
}
