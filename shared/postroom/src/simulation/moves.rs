//! What can happen next, and making it happen.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::command::Origin;
use crate::envelope::RawEnvelope;
use crate::office::Redrive;
use crate::simulation::callers::tenant;
use crate::simulation::choice::Fault;
use crate::simulation::queues::Received;
use crate::simulation::run::{Actor, Ended, Errand, Run};
use crate::simulation::world::{DONE, Turn, WRITE};
use crate::worker::{Disposition, Record};

/// How long an invocation has.
const TIME_OUT: Duration = Duration::from_secs(30);
/// How often the relay runs, and how old a row has to be for it.
const RELAY_EVERY: Duration = Duration::from_mins(1);
const RELAY_LEAVES: Duration = Duration::from_secs(5);
/// How many processes a queue's function has, and so batches under way at once.
const BATCHES: usize = 3;
/// How many messages a batch has at most.
const BATCH: usize = 10;
/// The longest a queue hides a message.
// The documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
const HIDDEN_AT_MOST: Duration = Duration::from_hours(12);

/// How long an invocation, or a request that is late, lives at most.
// The time-out of a function is 15 minutes at most:
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, named from memory 2026-11-21.
const LIFETIME: Duration = Duration::from_mins(15);
/// How many decisions are under way at once.
const DECISIONS: usize = 2;

/// Something that can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Move {
    /// Somebody goes on.
    Turn(u64),
    /// A queue gives out messages.
    Deliver(&'static str),
    Relay,
    /// The journal's stream wakes the projector.
    Wake,
    Slot(usize),
    /// A caller asks.
    Ask(usize),
    /// Time goes by while somebody could go on.
    Wait(Timestamp),
    /// An operator sends the message of a dead letter once more.
    Redrive(String),
}

impl Run<'_> {
    /// Lets one thing happen. `false`: there is nothing left that could.
    pub(super) fn step(&mut self) -> bool {
        self.end_the_old();
        let mut moves = self.moves();
        moves.extend(self.next_time().map(Move::Wait));
        moves.extend(self.undecided().into_iter().map(Move::Redrive));
        if moves.is_empty() {
            return false;
        }
        let chosen = self.world.lock().choices.next_of(moves.len());
        match moves.swap_remove(chosen) {
            Move::Turn(ticket) => self.take_turn(ticket),
            Move::Deliver(queue) => self.deliver(queue),
            Move::Relay => self.relay(),
            Move::Wake => self.wake(),
            Move::Slot(slot) => self.visit(slot),
            Move::Ask(caller) => self.ask(caller),
            Move::Wait(until) => self.world.lock().now = until,
            Move::Redrive(letter) => self.redrive(letter),
        }
        true
    }

    /// What can happen now: whoever has been at it longest is first.
    fn moves(&mut self) -> Vec<Move> {
        let state = self.world.lock();
        let now = state.now;
        for actor in self.actors.values_mut() {
            actor.frozen_until = actor.frozen_until.filter(|until| *until > now);
        }
        let frozen = |actor| self.actors.get(&actor).is_some_and(|one| one.frozen_until.is_some());
        let held = state.tickets.iter();
        let held = held.filter(|(_, ticket)| ticket.at <= now && !frozen(ticket.actor));
        let mut turns: Vec<_> = held.map(|(id, ticket)| (ticket.actor, *id)).collect();
        turns.sort_unstable();
        let mut moves: Vec<Move> = turns.into_iter().map(|(_, id)| Move::Turn(id)).collect();

        let waiting: Vec<_> = state.queues.with_messages(now).map(str::to_owned).collect();
        let queues = waiting.iter().filter_map(|queue| self.workers.get_key_value(queue.as_str()));
        let queues = queues.map(|(queue, _)| *queue);
        let free = queues.filter(|queue| !self.free_places(queue).is_empty());
        moves.extend(free.map(Move::Deliver));
        let due = self.relay_due().is_some_and(|due| due <= now);
        moves.extend(due.then_some(Move::Relay));
        moves.extend(self.may_wake(&state).then_some(Move::Wake));
        let slots = self.slots.iter().enumerate();
        let due = slots.filter(|(_, slot)| slot.due.is_some_and(|due| due <= now));
        moves.extend(due.map(|(index, _)| Move::Slot(index)));
        let callers = self.callers.iter().enumerate();
        let asking = callers.filter(|(_, caller)| caller.asks_at.is_some_and(|at| at <= now));
        moves.extend(asking.map(|(index, _)| Move::Ask(index)));
        moves
    }

    /// When something can happen that cannot happen now.
    fn next_time(&self) -> Option<Timestamp> {
        let state = self.world.lock();
        let now = state.now;
        let tickets = state.tickets.values().map(|ticket| ticket.at);
        let frozen = self.actors.values().filter_map(|actor| actor.frozen_until);
        let callers = self.callers.iter().filter_map(|caller| caller.asks_at);
        let slots = self.slots.iter().filter_map(|slot| slot.due);
        let times = tickets.chain(frozen).chain(callers).chain(slots);
        let times = times.chain(state.queues.next(now)).chain(self.relay_due());
        let times = times.chain(state.wake_ups.next(now));
        times.filter(|time| *time > now).min()
    }

    /// Letters that an operator may decide about, however new they are and whoever is still at their messages. When nothing
    /// fails any more, nobody does: whatever is a dead letter then has to stay one.
    fn undecided(&self) -> Vec<String> {
        if self.world.lock().choices.are_calm() {
            return Vec::new();
        }
        let deciding = self.actors.values().filter(|actor| actor.errand == Errand::Decision);
        if deciding.count() >= DECISIONS {
            return Vec::new();
        }
        let letters = self.ports.memory.open_letters().into_iter();
        letters.filter(|letter| self.business.redrives(letter)).map(|letter| letter.id).collect()
    }

    /// Ends what has lived too long, wherever it stands.
    fn end_the_old(&mut self) {
        let now = self.world.lock().now;
        let old = |actor: &Actor| later(actor.begun_at, LIFETIME) <= now;
        let old: Vec<u64> =
            self.actors.iter().filter(|(_, actor)| old(actor)).map(|(id, _)| *id).collect();
        for id in old {
            self.end(id, None);
        }
    }

    /// The places of those of its processes that are free, or not there yet.
    fn free_places(&self, queue: &'static str) -> Vec<usize> {
        let is_free = |place: &usize| {
            let batch = Errand::Batch { queue, place: *place };
            !self.actors.values().any(|actor| actor.errand == batch)
        };
        (0..BATCHES).filter(is_free).collect()
    }

    /// When the relay has something to do.
    fn relay_due(&self) -> Option<Timestamp> {
        let first = self.ports.memory.first_due()?;
        Some(later(first, RELAY_LEAVES).max(self.relay_at))
    }

    fn ask(&mut self, index: usize) {
        let caller = &mut self.callers[index];
        caller.asks_at = None;
        let keyed = caller.request.keyed;
        let twins = {
            let mut state = self.world.lock();
            let twins = keyed && state.choices.happens(Fault::Twin);
            if twins {
                state.figures.count(Fault::Twin);
            }
            twins
        };
        for _ in 0..if twins { 2 } else { 1 } {
            let command_id = self.fresh();
            let caller = &mut self.callers[index];
            let origin = caller.ask(command_id, &self.world.lock());
            let (name, execute) = (caller.request.name, caller.request.execute.clone());
            let runtime = self.parts.runtime.clone();
            let errand = Errand::Request { caller: index, command_id };
            self.begin(name, errand, |_| {
                Box::pin(async move { Ended::Answered(execute(runtime, origin).await) })
            });
        }
    }

    fn relay(&mut self) {
        let now = self.world.lock().now;
        self.relay_at = later(now, RELAY_EVERY);
        let by = now.saturating_sub(RELAY_LEAVES).unwrap_or(now);
        let (courier, deadline) = (self.courier.clone(), later(now, TIME_OUT));
        self.begin("relay", Errand::Relay, |_| {
            Box::pin(async move {
                // What it could not send it sends the next time.
                let _ = courier.relay(by, deadline).await;
                Ended::Over
            })
        });
    }

    fn redrive(&mut self, letter: String) {
        let command_id = self.fresh();
        let (Some(tenant_id), Ok(correlation_id)) = (tenant(), "operator".parse()) else { return };
        let origin = Origin {
            command_id,
            tenant_id,
            actor_id: None,
            correlation_id,
            traceparent: None,
            idempotency: None,
        };
        let office = self.office.clone();
        self.begin("operator", Errand::Decision, |_| {
            Box::pin(async move {
                // Whether it was done, refused or nobody knows: the letter says so.
                let _ = office.redrive(&letter, Redrive::default(), &origin).await;
                Ended::Over
            })
        });
    }

    fn visit(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.due = None;
        let (name, time, visit) = (slot.slot.name, slot.time, slot.slot.visit.clone());
        let runtime = self.parts.runtime.clone();
        let deadline = later(self.world.lock().now, TIME_OUT);
        self.begin(name, Errand::Slot(index), |_| {
            Box::pin(async move { Ended::Visited(visit(runtime, time, deadline).await) })
        });
    }

    /// Gives a batch of messages to a worker, as a queue and what stands between them would.
    fn deliver(&mut self, queue: &'static str) {
        let places = self.free_places(queue);
        let place = places[self.world.lock().choices.next_of(places.len())];
        let received = self.receive(queue);
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
                    acknowledge(&mut world.lock(), queue, &received, &dispositions);
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
            let id =
                RawEnvelope::parse(&one.record.body).map_or(one.row.message_id, |body| body.id);
            state.evidence.deliver(&one.row.handler, id, one.record.receives);
        }
        received
    }
}

/// Deletes what its worker has acknowledged.
fn acknowledge(
    state: &mut crate::simulation::world::State,
    queue: &str,
    received: &[Received],
    dispositions: &[Disposition],
) {
    let done: Vec<&Received> = received
        .iter()
        .zip(dispositions)
        .filter(|(_, disposition)| **disposition == Disposition::Acknowledge)
        .map(|(received, _)| received)
        .collect();
    let (acknowledged, all, now) = (done.len(), received.len(), state.now);
    if let Some(queue) = state.queues.of(queue) {
        for received in done {
            queue.delete(received, now);
        }
    }
    state.note(|| format!("acknowledged {acknowledged} of {all} messages"));
}
