//! The journal's stream: each event that was committed wakes the projector, once or twice, now or later.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::port::JournalRecord;
use crate::simulation::choice::Fault;
use crate::simulation::run::{Ended, Errand, Run};
use crate::simulation::world::{DONE, State, Turn};
use crate::worker::{StreamRecord, WakeUp};

/// How long an invocation of a projector has.
const TIME_OUT: Duration = Duration::from_secs(30);
/// How late a wake-up is that was delayed: behind others, and behind whoever would have waited for it.
const DELAYS: [Duration; 2] = [Duration::from_secs(20), Duration::from_mins(10)];
/// How many wake-ups one invocation is given at most.
const BATCH: usize = 10;
/// How many invocations are under way at once: a stream has several shards.
const AT_ONCE: usize = 2;

/// Wake-ups that were not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct WakeUps {
    waiting: Vec<Waiting>,
    told: u64,
    /// Whether anybody is woken.
    are_heard: bool,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    wake_up: WakeUp,
    /// Not given out before.
    at: Timestamp,
}

impl WakeUps {
    /// From now on somebody is woken.
    pub(super) fn listen(&mut self) {
        self.are_heard = true;
    }

    /// When the next can be given out that cannot be now.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.waiting.iter().map(|waiting| waiting.at).filter(|at| *at > now).min()
    }

    pub(super) fn left(&self) -> usize {
        self.waiting.len()
    }

    fn are_ready(&self, now: Timestamp) -> bool {
        self.waiting.iter().any(|waiting| waiting.at <= now)
    }

    /// Gives out wake-ups from the `skip`-th on, and keeps them for as long as an invocation lives.
    fn give(&mut self, now: Timestamp, skip: usize) -> Vec<(u64, WakeUp)> {
        let ready = self.waiting.iter_mut().filter(|waiting| waiting.at <= now);
        let given = ready.skip(skip).take(BATCH).map(|waiting| {
            waiting.at = later(now, TIME_OUT);
            (waiting.id, waiting.wake_up.clone())
        });
        given.collect()
    }

    /// What was done is gone, and the rest comes again at once.
    fn answer(&mut self, given: &[u64], done: usize, now: Timestamp) {
        let (done, again) = given.split_at(done.min(given.len()));
        self.waiting.retain(|waiting| !done.contains(&waiting.id));
        let mut waiting = self.waiting.iter_mut();
        waiting.by_ref().filter(|waiting| again.contains(&waiting.id)).for_each(|waiting| {
            waiting.at = now;
        });
    }
}

impl State {
    /// An event was committed.
    pub(super) fn wake(&mut self, event: &JournalRecord) {
        let Some(wake_up) = WakeUp::of_event(&event.envelope) else { return };
        if !self.wake_ups.are_heard {
            return;
        }
        let happened = self.choices.fault(&[Fault::Duplicate, Fault::Delay]);
        if let Some(fault) = happened {
            self.figures.count(fault);
        }
        let copies = if happened == Some(Fault::Duplicate) { 2 } else { 1 };
        let delay = match happened {
            Some(Fault::Delay) => DELAYS[self.choices.any_of(DELAYS.len())],
            _ => Duration::ZERO,
        };
        let at = later(self.now, delay);
        for _ in 0..copies {
            self.wake_ups.told += 1;
            let id = self.wake_ups.told;
            self.wake_ups.waiting.push(Waiting { id, wake_up: wake_up.clone(), at });
        }
    }
}

impl Run<'_> {
    /// Whether the projector could be woken now.
    pub(super) fn may_wake(&self, state: &State) -> bool {
        let running = self.actors.values().filter(|actor| actor.errand == Errand::Projection);
        state.wake_ups.are_ready(state.now) && running.count() < AT_ONCE
    }

    /// Gives a new projector some of the wake-ups.
    pub(super) fn wake(&mut self) {
        let Some(projector) = self.business.projector(&self.parts) else { return };
        let (given, deadline) = {
            let mut state = self.world.lock();
            let state = &mut *state;
            let mut skip = 0;
            if state.choices.happens(Fault::Reorder) {
                state.figures.count(Fault::Reorder);
                skip = state.choices.any_of(BATCH);
            }
            let mut given = state.wake_ups.give(state.now, skip);
            if given.is_empty() {
                given = state.wake_ups.give(state.now, 0);
            }
            state.figures.deliveries += given.len() as u64;
            (given, later(state.now, TIME_OUT))
        };
        let world = self.world.clone();
        self.begin("projector", Errand::Projection, |_| {
            Box::pin(async move {
                let records: Vec<StreamRecord> =
                    given.iter().map(|(id, wake_up)| record(*id, wake_up)).collect();
                let failed = projector.process(&records, Some(deadline)).await;
                if world.turn(DONE).await == Turn::Go {
                    let ids: Vec<u64> = given.iter().map(|(id, _)| *id).collect();
                    let mut state = world.lock();
                    let now = state.now;
                    state.wake_ups.answer(&ids, failed.unwrap_or(ids.len()), now);
                    state.note(|| format!("woken by {} events, failed at {failed:?}", ids.len()));
                }
                Ended::Over
            })
        });
    }
}

fn record(id: u64, wake_up: &WakeUp) -> StreamRecord {
    let body = format!("{} v{}", wake_up.stream, wake_up.version);
    StreamRecord { sequence_number: id.to_string(), body, wake_up: Ok(wake_up.clone()) }
}
