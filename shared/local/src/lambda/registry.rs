//! What the Runtime API knows of each running environment.
//!
//! Every process gets an environment of its own with an id that is never used again. A dead
//! process's pending `next` therefore cannot swallow an event: its environment is closed, and
//! with it the request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::FunctionError;

/// One event on its way to a process, with what the headers of `next` say about it.
#[derive(Debug)]
pub(super) struct Delivery {
    pub request_id: String,
    pub deadline_ms: i64,
    pub function_arn: String,
    pub trace_id: String,
    pub payload: Bytes,
}

/// How far a process has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    /// It asked for its first event.
    Ready,
    InitFailed(FunctionError),
    /// It is gone, or about to be killed.
    Closed,
}

pub(super) type Answer = Result<Bytes, FunctionError>;

/// The event a process has, or is about to be given.
#[derive(Debug)]
struct InFlight {
    request_id: String,
    delivered: bool,
    answer: oneshot::Sender<Answer>,
}

/// One environment as the Runtime API sees it.
#[derive(Debug)]
pub(super) struct Slot {
    pub function: String,
    phase: watch::Sender<Phase>,
    deliveries: mpsc::Sender<Delivery>,
    /// Locked by the `next` that waits; a second one queues behind it.
    pending: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    in_flight: Mutex<Option<InFlight>>,
    extension: watch::Sender<bool>,
}

impl Slot {
    fn new(function: &str) -> Self {
        // One event at a time: the next is sent only after the last was answered.
        let (deliveries, pending) = mpsc::channel(1);
        Self {
            function: function.to_owned(),
            phase: watch::Sender::new(Phase::Starting),
            deliveries,
            pending: tokio::sync::Mutex::new(pending),
            in_flight: Mutex::default(),
            extension: watch::Sender::new(false),
        }
    }

    fn in_flight(&self) -> MutexGuard<'_, Option<InFlight>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the process is ready, has failed, or is closed.
    pub(super) async fn started(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        // The sender lives as long as `self`.
        phase.wait_for(|phase| *phase != Phase::Starting).await.map_or(Phase::Closed, |p| p.clone())
    }

    pub(super) fn fail_init(&self, error: FunctionError) {
        self.phase.send_replace(Phase::InitFailed(error));
    }

    pub(super) fn register_extension(&self) {
        self.extension.send_replace(true);
    }

    pub(super) fn has_extension(&self) -> bool {
        *self.extension.borrow()
    }

    pub(super) async fn closed(&self) {
        let mut phase = self.phase.subscribe();
        let _ = phase.wait_for(|phase| *phase == Phase::Closed).await;
    }

    /// Hands an event to the process's pending or following `next`.
    pub(super) fn send(&self, delivery: Delivery) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        let request_id = delivery.request_id.clone();
        *self.in_flight() = Some(InFlight { request_id, delivered: false, answer });
        if self.deliveries.try_send(delivery).is_err() {
            // Not possible with one event at a time; dropping the sender tells the caller.
            *self.in_flight() = None;
        }
        answered
    }

    /// The next event for the process, or `None` when the environment is closed.
    pub(super) async fn next(&self) -> Option<Delivery> {
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Starting;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        let mut pending = self.pending.lock().await;
        let delivery = tokio::select! {
            delivery = pending.recv() => delivery?,
            () = self.closed() => return None,
        };
        if let Some(in_flight) = &mut *self.in_flight() {
            in_flight.delivered = true;
        }
        Some(delivery)
    }

    /// Passes the answer on; false if the process was not asked for it.
    pub(super) fn answer(&self, request_id: &str, answer: Answer) -> bool {
        let in_flight = self.in_flight().take_if(|current| current.request_id == request_id);
        in_flight.is_some_and(|current| current.answer.send(answer).is_ok())
    }

    /// Whether the process has taken the event that is in flight.
    pub(super) fn was_delivered(&self) -> bool {
        self.in_flight().as_ref().is_none_or(|current| current.delivered)
    }
}

/// All open environments by id, the first segment of every Runtime API path.
#[derive(Debug, Default)]
pub(super) struct Registry {
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

impl Registry {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Slot>> {
        self.slots().get(id).cloned()
    }

    pub(super) fn open(self: &Arc<Self>, function: &str) -> Registration {
        let id = format!("{function}-{}", Uuid::now_v7().simple());
        let slot = Arc::new(Slot::new(function));
        self.slots().insert(id.clone(), Arc::clone(&slot));
        Registration { id, slot, registry: Arc::clone(self) }
    }
}

/// An open environment; dropping it closes it and cancels its pending `next`.
#[derive(Debug)]
pub(super) struct Registration {
    pub id: String,
    pub slot: Arc<Slot>,
    registry: Arc<Registry>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.slots().remove(&self.id);
        self.slot.phase.send_replace(Phase::Closed);
    }
}
