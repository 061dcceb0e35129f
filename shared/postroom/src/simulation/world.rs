//! The world a run takes place in: its time, who waits for what, and what has happened so far.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::{Clock, between, later};
use crate::simulation::choice::{Choices, Fault};
use crate::simulation::evidence::Evidence;
use crate::simulation::figures::Figures;
use crate::simulation::gates::Gates;
use crate::simulation::memo::Memo;
use crate::simulation::queues::Queues;
use crate::simulation::wake_ups::WakeUps;

/// When every run begins: 2026-11-21T09:30:00Z.
const BEGIN: Timestamp = Timestamp::constant(1_795_253_400, 0);
/// How long a call takes at least.
const TICK: Duration = Duration::from_millis(1);

/// What can befall a read: it changes nothing, so that a lost request and a lost answer are nothing else than being
/// refused for now.
pub(super) const READ: &[Fault] = &[Fault::Kill, Fault::Freeze, Fault::Throttle];
/// What can befall a write before it is done.
pub(super) const WRITE: &[Fault] =
    &[Fault::Kill, Fault::Freeze, Fault::Throttle, Fault::LoseRequest, Fault::DelayRequest];
/// What can befall a call of a service outside before it is done.
pub(super) const CALL: &[Fault] = &[
    Fault::Kill,
    Fault::Freeze,
    Fault::Throttle,
    Fault::LoseRequest,
    Fault::DelayRequest,
    Fault::Deny,
];
/// The same where the service has a gate: its breaker is there for outages.
pub(super) const GATED_CALL: &[Fault] = &[
    Fault::Kill,
    Fault::Freeze,
    Fault::Throttle,
    Fault::LoseRequest,
    Fault::DelayRequest,
    Fault::Deny,
    Fault::Outage,
];
/// What can befall a call once it is done.
pub(super) const DONE: &[Fault] = &[Fault::Kill, Fault::Freeze, Fault::LoseAnswer];

/// Everything outside the kit, shared by all who take part.
#[derive(Debug)]
pub(super) struct World {
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) choices: Choices,
    /// Who waits for its turn, the longest-waiting first.
    pub(super) tickets: BTreeMap<u64, Ticket>,
    /// Whose turn it is.
    pub(super) running: Running,
    /// Requests that are still on their way although nobody waits for their answers.
    pub(super) late: Vec<BoxFuture<'static, ()>>,
    pub(super) queues: Queues,
    pub(super) evidence: Evidence,
    pub(super) gates: Gates,
    pub(super) wake_ups: WakeUps,
    pub(super) figures: Figures,
    pub(super) memo: Memo,
    /// `None`: nobody is going to read it.
    pub(super) history: Option<Vec<Line>>,
    issued: u64,
}

/// An invocation; 0: nobody.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Running {
    pub(super) actor: u64,
    /// The process that a batch is in; 0 for everything else.
    pub(super) process: u64,
    pub(super) name: &'static str,
}

/// Somebody who cannot go on before it is told to.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) actor: u64,
    /// Not before this time.
    pub(super) at: Timestamp,
    /// What can happen instead of simply going on.
    pub(super) faults: &'static [Fault],
    turn: Option<Turn>,
    waker: Waker,
}

/// How a ticket's holder goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// As if nothing could go wrong.
    Go,
    /// With this fault: one of those that a call can suffer.
    Suffer(Fault),
}

/// What became of a call that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It was refused for now: certainly nothing happened.
    Throttled,
    /// It was refused for good.
    Denied,
    /// It found its service down: certainly nothing happened.
    Down,
    /// Nobody knows.
    Lost,
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Down => "down",
            Self::Lost => "timed out",
        })
    }
}

impl std::error::Error for Mishap {}

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How long after the beginning of the run.
    pub after: Duration,
    /// Who: `charge-card 7`.
    pub who: String,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, who, what } = self;
        write!(f, "{:>9.3} s  {who:<18} {what}", after.as_secs_f64())
    }
}

impl World {
    pub(super) fn new(choices: Choices, queues: Queues, history: bool) -> Arc<Self> {
        let state = State {
            now: BEGIN,
            choices,
            tickets: BTreeMap::new(),
            running: Running::default(),
            late: Vec::new(),
            queues,
            evidence: Evidence::default(),
            gates: Gates::default(),
            wake_ups: WakeUps::default(),
            figures: Figures::default(),
            memo: Memo::default(),
            history: history.then(Vec::new),
            issued: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A handler's panic is caught and is one of the things that happen in a run.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(super) fn turn(self: &Arc<Self>, faults: &'static [Fault]) -> Waiting {
        let at = self.lock().now;
        Waiting { world: Arc::clone(self), at, faults, ticket: None }
    }

    /// Reads something: in one turn.
    pub(super) async fn read<T>(
        self: &Arc<Self>,
        answer: impl Future<Output = T>,
    ) -> Result<T, Mishap> {
        match self.turn(READ).await {
            Turn::Go => Ok(answer.await),
            Turn::Suffer(_) => Err(Mishap::Throttled),
        }
    }

    /// Writes something: a turn before it is done and one after it. `late` is the same write, for when it is on its way
    /// longer than anybody waits for it.
    pub(super) async fn write<T>(
        self: &Arc<Self>,
        faults: &'static [Fault],
        answer: impl Future<Output = T>,
        late: impl FnOnce() -> BoxFuture<'static, ()>,
    ) -> Result<T, Mishap> {
        match self.turn(faults).await {
            Turn::Go => {}
            Turn::Suffer(Fault::Throttle) => return Err(Mishap::Throttled),
            Turn::Suffer(Fault::Deny) => return Err(Mishap::Denied),
            Turn::Suffer(Fault::Outage) => return Err(Mishap::Down),
            Turn::Suffer(Fault::DelayRequest) => {
                let late = late();
                self.lock().late.push(late);
                return Err(Mishap::Lost);
            }
            Turn::Suffer(_) => return Err(Mishap::Lost),
        }
        let answer = answer.await;
        match self.turn(DONE).await {
            Turn::Go => Ok(answer),
            Turn::Suffer(_) => Err(Mishap::Lost),
        }
    }

    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        self.lock().note(what);
    }
}

impl fmt::Display for Running {
    /// As it is called in a history: `charge-card 7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.actor {
            0 => Ok(()),
            actor => write!(f, "{} {actor}", self.name),
        }
    }
}

impl State {
    /// Writes down what happened, if somebody is going to read it.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        let after = between(BEGIN, self.now);
        if let Some(history) = &mut self.history {
            history.push(Line { after, who: self.running.to_string(), what: what() });
        }
    }

    /// Lets the holder of a ticket go on; its actor has to be polled then.
    pub(super) fn grant(&mut self, ticket: u64, turn: Turn) {
        self.now = later(self.now, TICK);
        if let Some(ticket) = self.tickets.get_mut(&ticket) {
            ticket.turn = Some(turn);
            ticket.waker.wake_by_ref();
        }
    }
}

/// Waiting for a turn; dropped, it waits no longer.
#[derive(Debug)]
pub(super) struct Waiting {
    world: Arc<World>,
    at: Timestamp,
    faults: &'static [Fault],
    ticket: Option<u64>,
}

impl Future for Waiting {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        let world = Arc::clone(&self.world);
        let mut state = world.lock();
        let Some(id) = self.ticket else {
            state.issued += 1;
            let (actor, waker) = (state.running.actor, cx.waker().clone());
            let ticket = Ticket { actor, at: self.at, faults: self.faults, turn: None, waker };
            let id = state.issued;
            state.tickets.insert(id, ticket);
            self.ticket = Some(id);
            return Poll::Pending;
        };
        let Some(ticket) = state.tickets.get_mut(&id) else { return Poll::Pending };
        let Some(turn) = ticket.turn else {
            ticket.waker.clone_from(cx.waker());
            return Poll::Pending;
        };
        state.tickets.remove(&id);
        Poll::Ready(turn)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.world.lock().tickets.remove(&ticket);
        }
    }
}

/// The time of a world. Whoever sleeps goes on when its time has come and it is its turn.
#[derive(Debug)]
pub(super) struct SimulatedClock {
    pub(super) world: Arc<World>,
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.world.lock().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let mut waiting = self.world.turn(&[]);
        waiting.at = later(waiting.at, duration);
        Box::pin(async move {
            waiting.await;
        })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("now", &self.now).finish_non_exhaustive()
    }
}
