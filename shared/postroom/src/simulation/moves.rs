//! What can happen next, and making it happen.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::simulation::choice::Fault;
use crate::simulation::run::{Ended, Errand, Run};

/// How long an invocation has.
pub(super) const TIME_OUT: Duration = Duration::from_secs(30);
/// How often the relay runs, and how old a row has to be for it.
const RELAY_EVERY: Duration = Duration::from_mins(1);
const RELAY_LEAVES: Duration = Duration::from_secs(5);

/// Room for as many moves as there hardly ever are at once.
const MOVES: usize = 64;

/// Something that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// Somebody goes on.
    Turn(u64),
    /// A queue gives out messages.
    Deliver(&'static str),
    /// What a queue gave up is collected.
    Collect(&'static str),
    Relay,
    /// Builds of read models that are being made are gone on with.
    Walk,
    /// The journal's stream wakes the projector.
    Wake,
    Slot(usize),
    /// A caller asks.
    Ask(usize),
    /// Time goes by while somebody could go on.
    Wait(Timestamp),
    /// An operator asks for another build of a read model.
    Rebuild,
    /// An operator has an event sent once more.
    Replay,
    /// An operator decides about a dead letter: this of all that could be decided.
    Decide(usize),
}

/// When those have something to do that run again and again.
#[derive(Debug, Clone, Copy)]
struct Runs {
    relay: Option<Timestamp>,
    walk: Option<Timestamp>,
}

impl Run<'_> {
    /// Lets one thing happen. `false`: there is nothing left that could.
    pub(super) fn step(&mut self) -> bool {
        self.end_the_old();
        let runs = Runs { relay: self.relay_due(), walk: self.walk_due() };
        let mut moves = self.moves(runs);
        moves.extend(self.next_time(runs).map(Move::Wait));
        moves.extend(self.may_rebuild().then_some(Move::Rebuild));
        moves.extend(self.may_replay().then_some(Move::Replay));
        moves.extend((0..self.decidable()).map(Move::Decide));
        if moves.is_empty() {
            return false;
        }
        let chosen = self.world.lock().choices.next_of(moves.len());
        match moves[chosen] {
            Move::Turn(ticket) => self.take_turn(ticket),
            Move::Deliver(queue) => self.deliver(queue),
            Move::Collect(queue) => self.collect(queue),
            Move::Relay => self.relay(),
            Move::Walk => self.walk(),
            Move::Wake => self.wake(),
            Move::Rebuild => self.rebuild(),
            Move::Replay => self.replay(),
            Move::Slot(slot) => self.visit(slot),
            Move::Ask(caller) => self.ask(caller),
            Move::Wait(until) => self.world.lock().now = until,
            Move::Decide(place) => self.decide(place),
        }
        true
    }

    /// What can happen now: whoever has been at it longest is first.
    fn moves(&mut self, runs: Runs) -> Vec<Move> {
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
        let mut moves = Vec::with_capacity(MOVES);
        moves.extend(turns.into_iter().map(|(_, id)| Move::Turn(id)));

        moves.extend(self.deliverable(&state).map(Move::Deliver));
        moves.extend(self.collectable(&state).map(Move::Collect));
        moves.extend(runs.relay.filter(|due| *due <= now).map(|_| Move::Relay));
        moves.extend(runs.walk.filter(|due| *due <= now).map(|_| Move::Walk));
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
    fn next_time(&self, runs: Runs) -> Option<Timestamp> {
        let state = self.world.lock();
        let now = state.now;
        let tickets = state.tickets.values().map(|ticket| ticket.at);
        let frozen = self.actors.values().filter_map(|actor| actor.frozen_until);
        let callers = self.callers.iter().filter_map(|caller| caller.asks_at);
        let slots = self.slots.iter().filter_map(|slot| slot.due);
        let times = tickets.chain(frozen).chain(callers).chain(slots);
        let times = times.chain(state.queues.next(now)).chain(runs.relay).chain(runs.walk);
        let times = times.chain(state.wake_ups.next(now));
        times.filter(|time| *time > now).min()
    }

    /// Ends what has lived too long, wherever it stands.
    fn end_the_old(&mut self) {
        let now = self.world.lock().now;
        let old = self.actors.iter().filter(|(_, actor)| actor.until <= now);
        let old: Vec<u64> = old.map(|(id, _)| *id).collect();
        for id in old {
            self.end(id, None);
        }
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
}
