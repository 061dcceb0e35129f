//! Schedules: one task for every live thing of every tenant, once a slot.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tracing::{info, warn};

use crate::command::{Command, Origin};
use crate::id::{CorrelationId, TenantId, derive_scheduled};
use crate::live::{LiveItem, LiveShard};
use crate::message::{Message, Routed, Task};
use crate::port::StoreError;
use crate::runtime::{ExecuteError, Runtime};
use crate::stored::Stored;
use crate::transaction::Transaction;
use crate::tx::{Tx, TxError};
use crate::verdict::{Classify, Verdict, reason_of};

/// How many things of a tenant get their tasks in one transaction, at most.
const CHUNK: usize = 25;

/// What happens to every live thing, again and again: a slot is a quarter of an hour, a day, and each has its task once.
///
/// ```
/// # use postroom::{Message, Schedule, Task, doc_example::Order, reactions};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct CountDue {
///     order: String,
///     slot: jiff::Timestamp,
/// }
///
/// impl Message for CountDue {
///     const TYPE: &'static str = "count.due";
/// }
///
/// impl Task for CountDue {
///     fn subject(&self) -> String {
///         self.order.clone()
///     }
///
///     fn key(&self) -> Option<String> {
///         Some(format!("{}#{}", self.order, self.slot))
///     }
/// }
///
/// struct CountOrders;
///
/// impl Schedule for CountOrders {
///     const NAME: &'static str = "count-orders";
///     type Of = Order;
///     type Id = String;
///     type Task = CountDue;
///
///     fn task(&self, order: &String, slot: jiff::Timestamp) -> CountDue {
///         CountDue { order: order.clone(), slot }
///     }
/// }
/// # reactions! { fn table(nothing: ()); CountDue {} }
/// ```
pub trait Schedule: Send + Sync {
    /// Kebab-case, as its function: `visit-orders`. Names the commands that enqueue, and their chains.
    const NAME: &'static str;
    /// What it visits: all that [is live](Stored::is_live) of one collection.
    type Of: Stored;
    /// The id of such a thing.
    type Id: FromStr<Err: fmt::Display> + Send + Sync;
    /// What is to be done with it.
    type Task: Task + Routed;

    /// The task of a thing in a slot. Its [key](Task::key) names both: that is what makes it one task.
    fn task(&self, id: &Self::Id, slot: Timestamp) -> Self::Task;
}

/// What a run of a schedule did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduled {
    /// Tasks that are enqueued now, by this run of the slot or an earlier one.
    pub tasks: usize,
}

/// Why some live things have no task yet. The others have theirs; a repeat of the slot goes on.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// There was no time for all. Retryable.
    #[error("{schedule} ran out of time")]
    OutOfTime { schedule: &'static str },
    /// Some could not be found. The store knows whether that passes.
    #[error("{schedule} cannot list what is live")]
    List {
        schedule: &'static str,
        #[source]
        source: StoreError,
    },
    /// A thing is kept under an id that is none. Permanent.
    #[error("{schedule} cannot visit `{id}` of {tenant}: {reason}")]
    Id { schedule: &'static str, tenant: TenantId, id: String, reason: String },
    /// Its tasks have no key, and a repeat would enqueue them twice. Permanent.
    #[error("the tasks of {schedule} have no key")]
    Keyless { schedule: &'static str },
    /// Tasks of a tenant could not be enqueued.
    #[error("{schedule} cannot enqueue tasks of {tenant}")]
    Enqueue {
        schedule: &'static str,
        tenant: TenantId,
        #[source]
        source: Box<ExecuteError<TxError>>,
    },
}

impl Classify for ScheduleError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::OutOfTime { .. } => Verdict::RETRY,
            Self::List { source, .. } => source.verdict(),
            Self::Id { .. } | Self::Keyless { .. } => Verdict::Permanent,
            Self::Enqueue { source, .. } => source.verdict(),
        }
    }
}

impl Runtime {
    /// Enqueues one task for every live thing of every tenant, until `deadline`.
    ///
    /// Tasks are committed in commands of their tenant, and go through the outbox as everything does. A repeat of the
    /// slot commits nothing twice, and passes what is done at the cost of two calls for each command; where what is live
    /// has changed meanwhile, a task may be sent twice and is run once. What became live a moment ago may be left to the
    /// next slot, and what is no longer live may still be visited: its job looks.
    ///
    /// # Errors
    /// The first [`ScheduleError`]; the others are in the log. None keeps the rest from its tasks.
    pub async fn run_schedule<S: Schedule>(
        &self,
        schedule: &S,
        slot: Timestamp,
        deadline: Timestamp,
    ) -> Result<Scheduled, ScheduleError> {
        // Every second spent waiting for a queue is one that the last tenants do not have, the same in each slot.
        let runtime = &self.for_one_run();
        let chunk = chunk_size(self.reactions().queued(S::Task::TYPE).len());
        // One visitor for each shard: that bounds how many commands there are at once.
        let visits = LiveShard::all(S::Of::COLLECTION).map(async |shard| {
            let mut visit =
                Visit { runtime, schedule, slot, deadline, chunk, tasks: 0, failure: None };
            if let Err(failure) = visit.shard(&shard).await {
                visit.fail(failure);
            }
            visit
        });
        let (mut tasks, mut failures) = (0, Vec::new());
        for visit in join_all(visits).await {
            tasks += visit.tasks;
            failures.extend(visit.failure);
        }
        info!(handler = S::NAME, tasks, "enqueued the tasks of {slot}");
        let mut failures = failures.into_iter();
        let first = failures.next();
        failures.for_each(|failure| log(S::NAME, &failure));
        first.map_or(Ok(Scheduled { tasks }), Err)
    }
}

/// A run over one shard.
struct Visit<'a, S> {
    runtime: &'a Runtime,
    schedule: &'a S,
    slot: Timestamp,
    deadline: Timestamp,
    /// How many things a chunk holds.
    chunk: usize,
    tasks: usize,
    /// The first; the others are in the log.
    failure: Option<ScheduleError>,
}

/// Things of one tenant, whose tasks are enqueued together.
struct Chunk<Id> {
    tenant: TenantId,
    names: Vec<String>,
    ids: Vec<Id>,
}

impl<S: Schedule> Visit<'_, S> {
    /// Reads the shard page by page. A tenant's things come together, and its chunks do not depend on where a page ends:
    /// a repeat of the slot makes the same ones. Ends with the shard, or at the deadline.
    async fn shard(&mut self, shard: &LiveShard) -> Result<(), ScheduleError> {
        let (mut after, mut open) = (None, None);
        loop {
            self.in_time()?;
            let page = match self.runtime.ports().store.live(shard, after.as_deref()).await {
                Ok(page) => page,
                Err(source) => {
                    self.enqueue(open).await?;
                    return Err(ScheduleError::List { schedule: S::NAME, source });
                }
            };
            for item in page.items {
                let Some(id) = self.id_of(&item) else { continue };
                let is_over =
                    |open: &Chunk<_>| open.tenant != item.tenant || open.ids.len() >= self.chunk;
                if open.as_ref().is_some_and(is_over) {
                    self.enqueue(open.take()).await?;
                }
                open.get_or_insert_with(|| Chunk::of(item.tenant)).push(item.id, id);
            }
            after = page.next;
            if after.is_none() {
                return self.enqueue(open).await;
            }
        }
    }

    fn id_of(&mut self, item: &LiveItem) -> Option<S::Id> {
        let failure = match item.id.parse::<S::Id>() {
            Ok(id) if self.schedule.task(&id, self.slot).key().is_some() => return Some(id),
            Ok(_) => ScheduleError::Keyless { schedule: S::NAME },
            Err(error) => {
                let LiveItem { tenant, id } = item.clone();
                ScheduleError::Id { schedule: S::NAME, tenant, id, reason: error.to_string() }
            }
        };
        self.fail(failure);
        None
    }

    async fn enqueue(&mut self, chunk: Option<Chunk<S::Id>>) -> Result<(), ScheduleError> {
        let Some(Chunk { tenant, names, ids }) = chunk else { return Ok(()) };
        self.in_time()?;
        let origin = Origin {
            // By what is in it: another chunk of the same slot is another command.
            command_id: derive_scheduled(S::NAME, self.slot, &tenant, &names),
            tenant_id: tenant.clone(),
            actor_id: None,
            correlation_id: CorrelationId::of_slot(S::NAME, self.slot),
            traceparent: None,
            idempotency: None,
        };
        let command = EnqueueTasks { schedule: self.schedule, slot: self.slot, ids: &ids };
        match self.runtime.execute(&command, &origin).await {
            Ok(_) => self.tasks += ids.len(),
            Err(error) => {
                let source = Box::new(error);
                self.fail(ScheduleError::Enqueue { schedule: S::NAME, tenant, source });
            }
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), ScheduleError> {
        if self.runtime.ports().clock.now() < self.deadline {
            Ok(())
        } else {
            Err(ScheduleError::OutOfTime { schedule: S::NAME })
        }
    }

    fn fail(&mut self, failure: ScheduleError) {
        match self.failure {
            None => self.failure = Some(failure),
            Some(_) => log(S::NAME, &failure),
        }
    }
}

impl<Id> Chunk<Id> {
    fn of(tenant: TenantId) -> Self {
        Self { tenant, names: Vec::new(), ids: Vec::new() }
    }

    fn push(&mut self, name: String, id: Id) {
        self.names.push(name);
        self.ids.push(id);
    }
}

/// How many tasks fit into one transaction, which has a row for each handler of each task, and its own record.
fn chunk_size(handlers: usize) -> usize {
    CHUNK.min((Transaction::MAX_ACTIONS - 1) / handlers.max(1)).max(1)
}

/// The command that enqueues the tasks of a chunk.
struct EnqueueTasks<'a, S: Schedule> {
    schedule: &'a S,
    slot: Timestamp,
    ids: &'a [S::Id],
}

impl<S: Schedule> Command for EnqueueTasks<'_, S> {
    const NAME: &'static str = S::NAME;
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        for id in self.ids {
            tx.enqueue(self.schedule.task(id, self.slot), Duration::ZERO)?;
        }
        Ok(())
    }
}

/// A failure that is not the run's answer ends here.
fn log(schedule: &'static str, failure: &ScheduleError) {
    warn!(handler = schedule, reason = reason_of(failure), "a schedule left something out");
}
