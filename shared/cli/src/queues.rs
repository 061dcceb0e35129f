//! `postroom queues`: what waits where.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postroom::port::{Outbox, SHARDS};
use postroom::{Clock as _, LetterFilter, SystemClock, between};
use postroom_aws::QueueDepth;
use serde::Serialize;

use crate::Failure;
use crate::output::Output;
use crate::stack::Stack;

/// The most pages of a shard of the outbox that are counted.
const MAX_PAGES: usize = 20;

/// One queue, with what has not reached it yet and what was given up.
#[derive(Debug, Default, Serialize)]
struct Row {
    queue: String,
    /// Messages that may be taken.
    waiting: u64,
    /// Messages that a worker has.
    in_flight: u64,
    /// Messages in its dead-letter queue.
    dead: u64,
    /// Open dead letters.
    parked: usize,
    /// Messages in the outbox.
    outbox: usize,
    /// How long the oldest of them is due.
    outbox_oldest_s: u64,
}

pub(crate) async fn queues(stack: &Stack) -> Result<Output, Failure> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for depth in stack.aws.queue_depths(&format!("{}-", stack.name)).await? {
        add_depth(&mut rows, &depth);
    }
    for group in stack.office.groups(&LetterFilter::default()).await?.groups {
        row(&mut rows, &group.queue).parked += group.letters;
    }
    let (outbox, now) = (&stack.outbox, SystemClock.now());
    for shard in 0..SHARDS {
        count_shard(&mut rows, outbox, shard, now).await?;
    }
    let rows: Vec<Row> = rows.into_values().collect();
    let head = format!(
        "{:<32} {:>8} {:>9} {:>6} {:>6} {:>7} {:>12}",
        "queue", "waiting", "in flight", "dead", "parked", "outbox", "oldest there"
    );
    let shown = std::iter::once(head).chain(rows.iter().map(Row::shown)).collect();
    Ok(Output::of(&rows, shown)?)
}

impl Row {
    fn shown(&self) -> String {
        let Self { queue, waiting, in_flight, dead, parked, outbox, outbox_oldest_s } = self;
        let queue = format!("{queue:<32} {waiting:>8} {in_flight:>9} {dead:>6} {parked:>6}");
        format!("{queue} {outbox:>7} {outbox_oldest_s:>10} s")
    }
}

/// `sync-orders-dlq.fifo` is counted beside `sync-orders`.
fn add_depth(rows: &mut BTreeMap<String, Row>, depth: &QueueDepth) {
    let name = depth.name.trim_end_matches(".fifo");
    if let Some(name) = name.strip_suffix("-dlq") {
        row(rows, name).dead += depth.waiting + depth.in_flight;
        return;
    }
    let row = row(rows, name);
    row.waiting += depth.waiting + depth.delayed;
    row.in_flight += depth.in_flight;
}

async fn count_shard(
    rows: &mut BTreeMap<String, Row>,
    outbox: &dyn Outbox,
    shard: u8,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = outbox.due(shard, now, after.as_deref()).await?;
        for found in page.items {
            let row = row(rows, &found.handler);
            row.outbox += 1;
            row.outbox_oldest_s = row.outbox_oldest_s.max(between(found.due, now).as_secs());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn row<'a>(rows: &'a mut BTreeMap<String, Row>, queue: &str) -> &'a mut Row {
    let fresh = || Row { queue: queue.to_owned(), ..Row::default() };
    rows.entry(queue.to_owned()).or_insert_with(fresh)
}
