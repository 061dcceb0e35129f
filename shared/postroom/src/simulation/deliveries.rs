//! Deliveries: queues give their messages to workers, and what they gave up to the collector.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::port::DeadLetters;
use crate::simulation::choice::Fault;
use crate::simulation::moves::TIME_OUT;
use crate::simulation::queues::{Received, SimulatedQueue};
use crate::simulation::run::{Ended, Errand, Run};
use crate::simulation::world::{DONE, State, Turn, WRITE};
use crate::worker::{Collector, Disposition, Record};

/// How many processes a queue's function has, and so batches under way at once.
const BATCHES: usize = 3;
/// How many batches of one dead-letter queue are collected at once.
const COLLECTIONS: usize = 2;
/// How many messages a batch has at most.
const BATCH: usize = 10;
/// The longest a queue hides a message.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const HIDDEN_AT_MOST: Duration = Duration::from_hours(12);

impl Run<'_> {
    /// The queues that have messages, and a process that is free for them.
    pub(super) fn deliverable(&self, state: &State) -> impl Iterator<Item = &'static str> {
        let waiting = state.queues.with_messages(state.now);
        waiting.filter(|queue| {
            let batches = self.actors.values().filter(|actor| actor.errand.is_batch_of(queue));
            batches.count() < BATCHES
        })
    }

    /// The queues whose dead-letter queues have messages.
    pub(super) fn collectable(&self, state: &State) -> impl Iterator<Item = &'static str> {
        let waiting = state.queues.with_dead(state.now);
        waiting.filter(|queue| {
            let collection = Errand::Collection { queue };
            self.actors.values().filter(|actor| actor.errand == collection).count() < COLLECTIONS
        })
    }

    /// The places of those of its processes that are free, or not there yet.
    fn free_places(&self, queue: &'static str) -> Vec<usize> {
        let is_free = |place: &usize| {
            let batch = Errand::Batch { queue, place: *place };
            !self.actors.values().any(|actor| actor.errand == batch)
        };
        (0..BATCHES).filter(is_free).collect()
    }

    /// Gives a batch of messages to a worker, as a queue and what stands between them would.
    pub(super) fn deliver(&mut self, queue: &'static str) {
        let places = self.free_places(queue);
        let place = places[self.world.lock().choices.next_of(places.len())];
        let received = self.receive(queue);
        if received.is_empty() {
            // Whatever there was, it gave up.
            return;
        }
        let business = (self.business, &self.parts);
        let Some(worker) = self.processes.worker(queue, place, business) else { return };
        let (world, ports) = (self.world.clone(), self.ports.clone());
        let deadline = later(world.lock().now, TIME_OUT);
        self.begin(queue, Errand::Batch { queue, place }, |actor| {
            Box::pin(async move {
                let records: Vec<Record> = received.iter().map(|one| one.record.clone()).collect();
                let dispositions = worker.process(&records, Some(deadline)).await;
                if let Turn::Go = world.turn(WRITE).await {
                    let mut state = world.lock();
                    let now = state.now;
                    let Some(queue) = state.queues.of(queue) else { return Ended::Over };
                    for (received, disposition) in received.iter().zip(&dispositions) {
                        if let Disposition::Redeliver { after: Some(wait) } = disposition {
                            queue.hide(received, now, later(now, *wait.min(&HIDDEN_AT_MOST)));
                        }
                    }
                }
                let heard = world.turn(DONE).await == Turn::Go && world.lock().now < deadline;
                if heard {
                    let mut state = world.lock();
                    let now = state.now;
                    let queue = state.queues.of(queue);
                    let done = acknowledge(queue, now, &received, &dispositions);
                    state.note(|| format!("acknowledged {done} of {} messages", received.len()));
                }
                ports.write_late_letters(actor).await;
                Ended::Over
            })
        });
    }

    fn receive(&mut self, handler: &'static str) -> Vec<Received> {
        let mut state = self.world.lock();
        let state = &mut *state;
        let Some(queue) = state.queues.of(handler) else { return Vec::new() };
        let ready = queue.ready(state.now);
        let (mut skip, mut most) = (0, BATCH);
        if state.choices.happens(Fault::Reorder) {
            state.figures.count(Fault::Reorder);
            most = 1 + state.choices.any_of(BATCH);
            if !queue.is_in_order() {
                skip = state.choices.any_of(ready);
            }
        }
        let received = queue.receive(state.now, skip, most);
        state.figures.deliveries += received.len() as u64;
        for one in &received {
            state.evidence.deliver(handler, &one.record, one.row.message_id);
        }
        state.move_given_up(handler);
        received
    }

    /// Gives a batch of what a queue gave up to the collector.
    pub(super) fn collect(&mut self, queue: &'static str) {
        let (received, deadline) = {
            let mut state = self.world.lock();
            let now = state.now;
            let received = state.queues.dead_of(queue).map(|dead| dead.receive(now, 0, BATCH));
            (received.unwrap_or_default(), later(now, TIME_OUT))
        };
        let letters = Arc::clone(&self.parts.ports) as Arc<dyn DeadLetters>;
        let collector = Collector::new(self.parts.runtime.clone(), letters);
        let (world, ports) = (self.world.clone(), self.ports.clone());
        self.begin("collector", Errand::Collection { queue }, |actor| {
            Box::pin(async move {
                let mut dispositions = Vec::new();
                for one in &received {
                    dispositions.push(collector.collect(queue, &one.record).await);
                }
                if world.turn(DONE).await == Turn::Go && world.lock().now < deadline {
                    let mut state = world.lock();
                    let now = state.now;
                    let dead = state.queues.dead_of(queue);
                    let kept = acknowledge(dead, now, &received, &dispositions);
                    state.note(|| format!("collected {kept} of {} messages", received.len()));
                }
                ports.write_late_letters(actor).await;
                Ended::Over
            })
        });
    }
}

impl State {
    /// What a queue gave up goes into its dead-letter queue, once or, as standard queues do now and then, twice.
    fn move_given_up(&mut self, handler: &str) {
        let given_up = self.queues.of(handler).map(SimulatedQueue::take_given_up);
        for message in given_up.unwrap_or_default() {
            let copies = if self.choices.happens(Fault::Duplicate) { 2 } else { 1 };
            if copies > 1 {
                self.figures.count(Fault::Duplicate);
            }
            self.note(|| format!("the queue of {handler} gave up {}", message.body()));
            self.figures.given_up_by_queues += 1;
            let now = self.now;
            if let Some(dead) = self.queues.dead_of(handler) {
                dead.accept_given_up(&message, copies, now);
            }
            self.evidence.given_up.push((handler.to_owned(), message.body().to_owned()));
        }
    }
}

/// Deletes what is acknowledged, and answers how many that were.
fn acknowledge(
    queue: Option<&mut SimulatedQueue>,
    now: Timestamp,
    received: &[Received],
    dispositions: &[Disposition],
) -> usize {
    let of_record = received.iter().zip(dispositions);
    let done = of_record.filter(|(_, disposition)| **disposition == Disposition::Acknowledge);
    let done: Vec<&Received> = done.map(|(received, _)| received).collect();
    if let Some(queue) = queue {
        for received in &done {
            queue.delete(received, now);
        }
    }
    done.len()
}
