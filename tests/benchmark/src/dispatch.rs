//! What it costs that listeners are called by the kit and not by the command.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::{MemoryQueue, MemoryStore};
use postroom::{
    Command, Courier, Envelope, Event, Listener, Message, Origin, Outcome, Place, Ports, Reactions,
    Runtime, Stored, StreamId, SystemClock, SystemIds, Tx, TxError, reactions,
};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::report::{Column, Row, Table};
use crate::spread::Spread;

/// How many listeners react.
const LISTENERS: [usize; 4] = [0, 1, 3, 10];
/// Commands of one measurement; the store is a new one for each, so that it stays small.
const COMMANDS: u32 = 500;
const COLUMNS: &[Column] = &[
    Column { key: "ratio", label: "× direct", decimals: 2 },
    Column { key: "ns_per_command", label: "ns/command", decimals: 0 },
    Column { key: "direct_ns_per_command", label: "direct ns/command", decimals: 0 },
    Column { key: "ns_per_listener", label: "ns/listener", decimals: 0 },
    Column { key: "direct_ns_per_listener", label: "direct ns/listener", decimals: 0 },
];

/// A command with so many reactions: by listeners of the table, or written into its own handler.
#[derive(Debug, Clone, Copy)]
struct Count {
    direct: usize,
}

/// What is counted.
#[derive(Debug, Serialize, Deserialize)]
struct Counter {
    name: String,
    value: u64,
}

/// It was counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counted {
    name: String,
    value: u64,
}

/// One of the listeners: it writes one view.
struct Note<const N: usize>;

impl Stored for Counter {
    const COLLECTION: &'static str = "counters";

    fn place(&self) -> Place<Self> {
        Place::new(&self.name)
    }
}

impl Message for Counted {
    const TYPE: &'static str = "counter.counted";
}

impl Event for Counted {
    fn stream(&self) -> StreamId {
        Place::<Counter>::new(&self.name).stream()
    }
}

reactions! {
    fn no_reactions(settings: ());

    Counted {}
}

impl Command for Count {
    const NAME: &'static str = "count";
    type Output = u64;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<u64, TxError> {
        let name = "commands".to_owned();
        let before = tx.load(&Place::<Counter>::new(&name)).await?;
        let value = before.map_or(0, |counter| counter.value) + 1;
        tx.save(&Counter { name: name.clone(), value })?;
        let counted = Counted { name, value };
        tx.emit(counted.clone())?;
        for number in 0..self.direct {
            note(number, &counted, tx)?;
        }
        Ok(value)
    }
}

impl<const N: usize> Listener<Counted> for Note<N> {
    const NAME: &'static str =
        ["n-0", "n-1", "n-2", "n-3", "n-4", "n-5", "n-6", "n-7", "n-8", "n-9"][N];
    type Error = TxError;

    async fn on(&self, event: &Envelope<Counted>, tx: &mut Tx) -> Result<Outcome, TxError> {
        note(N, &event.data, tx)?;
        Ok(Outcome::DONE)
    }
}

/// What a listener does, and the command where there is none.
fn note(number: usize, counted: &Counted, tx: &mut Tx) -> Result<(), TxError> {
    tx.put_view(&Counter { name: format!("note-{number}"), value: counted.value })
}

fn listener<const N: usize>(table: &mut Reactions) {
    table.row::<Counted>().in_request(Note::<N>);
}

/// Runs the command with listeners and with the same writes in its handler, in turns, over the memory store.
///
/// # Errors
/// The runtime cannot be made, or a command fails.
pub fn measure(rounds: usize) -> anyhow::Result<Table> {
    let executor = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut took = vec![(Vec::new(), Vec::new()); LISTENERS.len()];
    for _ in 0..rounds {
        for (listeners, (called, direct)) in LISTENERS.into_iter().zip(&mut took) {
            called.push(executor.block_on(time(listeners, Count { direct: 0 }))?);
            direct.push(executor.block_on(time(0, Count { direct: listeners }))?);
        }
    }
    let medians = took
        .into_iter()
        .map(|(called, direct)| (Spread::of(called).median, Spread::of(direct).median));
    let medians: Vec<_> = medians.collect();
    let rows = LISTENERS.into_iter().zip(&medians).map(|(listeners, (called, direct))| {
        let count = f64::from(u32::try_from(listeners).unwrap_or(u32::MAX));
        let each = |took: &f64, alone: &f64| (listeners > 0).then(|| (took - alone) / count);
        let (alone, directly_alone) = &medians[0];
        Row {
            subject: format!("{listeners} listeners"),
            values: vec![
                Some(called / direct),
                Some(*called),
                Some(*direct),
                each(called, alone),
                each(direct, directly_alone),
            ],
            budgets: Vec::new(),
        }
    });
    Ok(Table {
        figure: "dispatch",
        title: format!(
            "in-process dispatch: CPU of a command over the memory store, {rounds} × {COMMANDS}; \
             direct: the same writes in its own handler"
        ),
        columns: COLUMNS,
        rows: rows.collect(),
    })
}

/// Nanoseconds of processor time that one command takes.
async fn time(listeners: usize, command: Count) -> anyhow::Result<f64> {
    let runtime = runtime(listeners);
    let origin = |id: u32| -> anyhow::Result<Origin> {
        Ok(Origin {
            command_id: Uuid::from_u128(u128::from(id)).into(),
            tenant_id: "demo".parse()?,
            actor_id: None,
            correlation_id: "benchmark".parse()?,
            traceparent: None,
            idempotency: None,
        })
    };
    let origins = (0..COMMANDS).map(origin).collect::<Result<Vec<_>, _>>()?;
    let before = cpu();
    for origin in &origins {
        runtime.execute(&command, origin).await?;
    }
    Ok((cpu() - before) / f64::from(COMMANDS))
}

/// Nanoseconds of processor time that this thread has used: unlike the clock's, they are not shared with neighbours.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
        .as_secs_f64()
        * 1e9
}

fn runtime(listeners: usize) -> Runtime {
    const ADD: [fn(&mut Reactions); 10] = [
        listener::<0>,
        listener::<1>,
        listener::<2>,
        listener::<3>,
        listener::<4>,
        listener::<5>,
        listener::<6>,
        listener::<7>,
        listener::<8>,
        listener::<9>,
    ];
    let mut table = no_reactions(());
    for add in &ADD[..listeners] {
        add(&mut table);
    }
    let (memory, queue) = (MemoryStore::default(), MemoryQueue::default());
    let clock = Arc::new(SystemClock);
    let ports = Ports {
        store: Arc::new(memory.clone()),
        journal: Arc::new(memory.clone()),
        inbox: Arc::new(memory.clone()),
        courier: Courier::new(Arc::new(memory), Arc::new(queue), clock.clone()),
        clock,
        ids: Arc::new(SystemIds),
    };
    Runtime::new(ports, table)
}
