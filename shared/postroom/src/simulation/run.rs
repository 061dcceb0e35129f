//! One run: who can go on, who does, and what happens to it, until everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::clock::later;
use crate::courier::Courier;
use crate::id::{Ids, MessageId, TenantId};
use crate::memory::SeededIds;
use crate::office::DeadLetterOffice;
use crate::runtime::{Ports, Runtime};
use crate::simulation::business::{Answer, Business, Parts, Slot};
use crate::simulation::callers::{Caller, Outcome};
use crate::simulation::choice::{Choices, Fault};
use crate::simulation::figures::Figures;
use crate::simulation::outside::Outside;
use crate::simulation::ports::{Simulated, SimulatedRows};
use crate::simulation::processes::Processes;
use crate::simulation::queues::Queues;
use crate::simulation::world::{Line, Running, SimulatedClock, Turn, World};
use crate::simulation::{Sabotage, Violation, check};
use crate::verdict::panic_text;

/// How long a frozen invocation stands still: less than a lease, more than one, more than messages are hidden.
const FROZEN: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_mins(1), Duration::from_secs(400)];
/// After how long a slot is visited again that was not done.
const AGAIN: Duration = Duration::from_mins(1);
/// How often a future that wakes itself is polled before it is taken for one that never ends.
const SELF_WAKES: usize = 1000;
/// How long an invocation, or a request that is late, lives at most.
// The time-out of a function is 15 minutes at most:
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, named from memory 2026-11-21.
const LIFETIME: Duration = Duration::from_mins(15);

/// What a run is made of besides its choices.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    pub(super) sabotage: Option<Sabotage>,
    /// Requests that nobody asks for, by their place.
    pub(super) silent: BTreeSet<usize>,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) violations: Vec<Violation>,
    pub(super) figures: Figures,
    pub(super) tape: Vec<u16>,
    pub(super) history: Vec<Line>,
}

/// Everybody who takes part in a run.
pub(super) struct Run<'a> {
    pub(super) business: &'a dyn Business,
    pub(super) office: DeadLetterOffice,
    pub(super) world: Arc<World>,
    pub(super) ports: Simulated,
    pub(super) parts: Parts,
    pub(super) courier: Courier,
    /// Everybody who asks for something.
    pub(super) tenants: BTreeSet<TenantId>,
    pub(super) processes: Processes,
    pub(super) actors: BTreeMap<u64, Actor>,
    pub(super) callers: Vec<Caller>,
    pub(super) slots: Vec<DueSlot>,
    pub(super) relay_at: Timestamp,
    pub(super) walk_at: Timestamp,
    /// The read models that there are.
    pub(super) projections: Vec<&'static str>,
    /// Their rows.
    pub(super) rows: SimulatedRows,
    /// How often another build of one was asked for.
    pub(super) rebuilds: usize,
    /// How often an event was replayed.
    pub(super) replays: usize,
    ids: SeededIds,
    begun: u64,
    woken: Arc<Woken>,
}

/// An invocation.
pub(super) struct Actor {
    pub(super) errand: Errand,
    pub(super) frozen_until: Option<Timestamp>,
    /// How long it lives at most.
    pub(super) until: Timestamp,
    pub(super) who: Running,
    future: BoxFuture<'static, Ended>,
}

/// What an invocation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    Request {
        caller: usize,
        command_id: MessageId,
    },
    Batch {
        queue: &'static str,
        /// The place of the process that has it.
        place: usize,
    },
    /// What its queue gave up is collected.
    Collection {
        queue: &'static str,
    },
    Relay,
    /// Wake-ups of the projector.
    Projection,
    Slot(usize),
    /// What an operator decides about a dead letter.
    Decision,
    /// Another build of a read model is asked for.
    Rebuild,
    Walk,
    /// A request that nobody waits for any more.
    Late,
}

impl Errand {
    pub(super) fn is_batch_of(&self, queue: &str) -> bool {
        matches!(self, Self::Batch { queue: of, .. } if *of == queue)
    }
}

/// How an invocation ended by itself.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(Answer),
    Visited(Result<(), String>),
    Over,
}

/// A slot that is not done yet.
pub(super) struct DueSlot {
    pub(super) slot: Slot,
    pub(super) time: Timestamp,
    /// `None`: it is being visited, or done.
    pub(super) due: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a> Run<'a> {
    /// Runs a business to its end.
    pub(super) fn of(
        business: &'a dyn Business,
        script: &Script,
        choices: Choices,
        history: bool,
    ) -> Ran {
        let mut run = Self::new(business, script, choices, history);
        let rest = run.until_rest();
        let mut violations = rest.err().into_iter().collect::<Vec<_>>();
        // Nothing goes on behind the end.
        run.actors.clear();
        violations.extend(check::all(&run));
        let mut state = run.world.lock();
        violations.extend(std::mem::take(&mut state.evidence.violations));
        violations.sort_by_key(|violation| violation.law);
        let mut figures = state.figures.clone();
        check::count(&run.ports.memory, &state.evidence, &run.callers, &mut figures);
        figures.openings = state.gates.openings() as u64;
        figures.probes = state.gates.probes() as u64;
        figures.violations = u64::from(!violations.is_empty());
        let tape = state.choices.tape().to_vec();
        let history = state.history.take().unwrap_or_default();
        Ran { violations, figures, tape, history }
    }

    fn new(business: &'a dyn Business, script: &Script, choices: Choices, history: bool) -> Self {
        let reactions = business.reactions();
        let handlers = reactions.queues();
        let queues = handlers.iter().map(|handler| (*handler, reactions.is_in_order(handler)));
        let world = World::new(choices, Queues::new(queues), history);
        world.lock().choose_patience();
        let simulated = Simulated::new(&world, &reactions, script.sabotage);
        let clock = Arc::new(SimulatedClock { world: Arc::clone(&world) });
        let courier =
            Courier::new(Arc::new(simulated.clone()), Arc::new(simulated.clone()), clock.clone());
        let courier = courier.with_topic(Arc::new(simulated.clone()));
        let runtime = Runtime::new(
            Ports {
                store: Arc::new(simulated.clone()),
                journal: Arc::new(simulated.clone()),
                inbox: Arc::new(simulated.clone()),
                courier: courier.clone(),
                clock,
                ids: Arc::new(SeededIds::new(1)),
            },
            reactions,
        );
        let outside = Outside { world: Arc::clone(&world) };
        let parts = Parts { runtime, ports: Arc::new(simulated.clone()), outside };
        let office = DeadLetterOffice::new(parts.runtime.clone(), Arc::new(simulated.clone()));
        let makes = business.projector(&parts).map(|projector| projector.makes());
        if makes.is_some() {
            world.lock().wake_ups.listen();
        }
        let rows = SimulatedRows { ports: simulated.clone(), makes: makes.unwrap_or_default() };
        let now = world.lock().now;
        let callers = Caller::all(business.requests(), &script.silent, now);
        let tenants = callers.iter().map(|caller| caller.tenant.clone()).collect();
        let slots = business.slots().into_iter().map(|slot| {
            let time = later(now, slot.after);
            DueSlot { slot, time, due: Some(time) }
        });
        Self {
            business,
            office,
            callers,
            tenants,
            slots: slots.collect(),
            actors: BTreeMap::new(),
            relay_at: now,
            walk_at: now,
            projections: rows.makes.iter().map(|(name, _)| *name).collect(),
            rows,
            rebuilds: 0,
            replays: 0,
            ids: SeededIds::new(2),
            begun: 0,
            processes: Processes::default(),
            woken: Arc::default(),
            world,
            ports: simulated,
            parts,
            courier,
        }
    }

    /// Begins an invocation.
    pub(super) fn begin(
        &mut self,
        name: &'static str,
        errand: Errand,
        future: impl FnOnce(u64) -> BoxFuture<'static, Ended>,
    ) {
        self.begun += 1;
        let id = self.begun;
        let process = match &errand {
            Errand::Batch { queue, place } => self.processes.number(queue, *place),
            _ => 0,
        };
        let future = future(id);
        let until = {
            let mut state = self.world.lock();
            state.figures.invocations += 1;
            later(state.now, LIFETIME)
        };
        let who = Running { actor: id, process, name };
        self.actors.insert(id, Actor { errand, frozen_until: None, until, who, future });
        self.poll(id);
    }

    /// An id for an invocation that needs one.
    pub(super) fn fresh(&self) -> MessageId {
        self.ids.fresh().into()
    }

    /// Lets the holder of a ticket go on, or lets something happen to it.
    pub(super) fn take_turn(&mut self, ticket: u64) {
        let mut state = self.world.lock();
        let Some(held) = state.tickets.get(&ticket) else { return };
        let (id, faults) = (held.actor, held.faults);
        let Some(actor) = self.actors.get_mut(&id) else { return };
        state.running = actor.who;
        let fault = state.choices.fault(faults);
        if let Some(fault) = fault {
            state.figures.count(fault);
            state.note(|| fault.to_string());
        }
        match fault {
            Some(Fault::Kill) => {
                drop(state);
                return self.end(id, None);
            }
            Some(Fault::Freeze) => {
                let frozen = FROZEN[state.choices.any_of(FROZEN.len())];
                actor.frozen_until = Some(later(state.now, frozen));
                return;
            }
            Some(fault) => state.grant(ticket, Turn::Suffer(fault)),
            None => state.grant(ticket, Turn::Go),
        }
        drop(state);
        self.poll(id);
    }

    /// Polls an invocation until it waits for its next turn.
    fn poll(&mut self, id: u64) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        self.world.lock().running = actor.who;
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut context = Context::from_waker(&waker);
        for _ in 0..SELF_WAKES {
            self.woken.0.store(false, Ordering::Relaxed);
            let future = actor.future.as_mut();
            match catch_unwind(AssertUnwindSafe(|| future.poll(&mut context))) {
                Ok(Poll::Pending) if self.woken.0.load(Ordering::Relaxed) => {}
                Ok(Poll::Pending) => break,
                Ok(Poll::Ready(ended)) => {
                    self.end(id, Some(ended));
                    break;
                }
                Err(panic) => {
                    self.world.note(|| format!("panicked: {}", panic_text(&*panic)));
                    self.end(id, None);
                    break;
                }
            }
        }
        let late = std::mem::take(&mut self.world.lock().late);
        for request in late {
            self.begin("late request of", Errand::Late, |_| {
                Box::pin(async {
                    request.await;
                    Ended::Over
                })
            });
        }
    }

    /// An invocation is over; `None`: nothing is heard of it.
    pub(super) fn end(&mut self, id: u64, ended: Option<Ended>) {
        let Some(Actor { errand, future, .. }) = self.actors.remove(&id) else { return };
        // It gives back its tickets.
        drop(future);
        let mut state = self.world.lock();
        match (errand, ended) {
            (Errand::Request { caller, command_id }, ended) => {
                let answer = match ended {
                    Some(Ended::Answered(answer)) => Some(answer),
                    _ => None,
                };
                self.callers[caller].hear(command_id, answer, &mut state);
            }
            (Errand::Slot(slot), Some(Ended::Visited(Err(_))) | None) => {
                self.slots[slot].due = Some(later(state.now, AGAIN));
            }
            // Its process is gone.
            (Errand::Batch { queue, place }, None) => {
                self.processes.end(queue, place);
            }
            (
                Errand::Slot(_)
                | Errand::Batch { .. }
                | Errand::Collection { .. }
                | Errand::Relay
                | Errand::Projection
                | Errand::Decision
                | Errand::Rebuild
                | Errand::Walk
                | Errand::Late,
                _,
            ) => {}
        }
    }
}

impl Caller {
    pub(super) fn is(&self, outcome: Outcome) -> bool {
        self.outcome == Some(outcome)
    }
}
