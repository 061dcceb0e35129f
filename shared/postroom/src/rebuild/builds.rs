//! Which builds of a projection there are, and what becomes of them: decisions, and the one item that they are about.
//!
//! The item lies in the state table, the system's and no tenant's, at `#projections` and the projection's name. Where
//! there is none, there is the first build alone. `[…]` marks what may be absent.
//!
//! ```json
//! {"live":1,
//!  ["building":{"generation":2,"started_at":"2026-11-22T09:30:00Z","state":"walking"|"held-up",
//!               ["code":"3f2c1aa"],["after":"[\"demo#orders/0192…\",7]"],"events":7,"held_up":["demo#orders/0192…"],
//!               ["reason":"a stream could not be read"],
//!               "tenant_id":"demo",["actor_id":"ann"],"correlation_id":"req-9"}],
//!  ["remains":{"since":"2026-11-22T09:30:00Z",["after":"[\"demo#account-views@1\",\"0192…\"]"],
//!              "tenant_id":"demo",["actor_id":"ann"],"correlation_id":"req-9"}]}
//! ```

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::Origin;
use crate::id::{ActorId, CorrelationId, MessageId, TenantId};
use crate::port::Store;
use crate::reader::ReadError;
use crate::rebuild::Remains;
use crate::stored::{Generation, Key, Partition, StreamId};

/// The most streams that are named as held up. With so many there is something wrong with the projection, and the walk
/// does not go on to park an event of each stream that there is.
const MAX_HELD_UP: usize = 20;

/// The builds of one projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Builds {
    /// The one that is read.
    pub(crate) live: Generation,
    /// The one that is being made beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<Building>,
    /// What is left of earlier builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remains: Option<Remains>,
}

/// A build that is being made: all of the journal is walked, and whatever is appended meanwhile is applied to it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Building {
    pub(crate) generation: Generation,
    pub(crate) started_at: Timestamp,
    pub(crate) state: BuildState,
    /// The [code](crate::CODE_VERSION) that makes it; before the first event, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Where in the journal the walk goes on; before its first page, nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// How many events of its streams the walk has come by.
    pub(crate) events: u64,
    /// The streams of which an event is parked in this build.
    pub(crate) held_up: BTreeSet<String>,
    /// Why the walk was given up, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What the walk does is in the chain of that request.
    #[serde(flatten)]
    pub(crate) asked_by: AskedBy,
}

/// Who asked for a build, and in which chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as an envelope names them")]
pub(crate) struct AskedBy {
    tenant_id: TenantId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor_id: Option<ActorId>,
    correlation_id: CorrelationId,
}

/// Where a build stands that is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// The journal is being walked.
    Walking,
    /// It cannot take the place of the one that is read: events of some streams are parked in it, or its walk was given up.
    /// Asked for again, the walk begins anew, and passes what is applied by then.
    HeldUp,
}

/// One page of the journal that was applied to a build.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    generation: Generation,
    /// Where the page began.
    from: Option<String>,
    /// Where the next one begins; `None`: it was the last.
    pub(crate) next: Option<String>,
    events: u64,
    /// The streams of which an event is parked.
    held_up: Vec<String>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Advanced {
    /// There is more to walk.
    GoesOn,
    /// The build is the one that is read now.
    Swapped,
    /// The walk has ended, and the build cannot be read.
    HeldUp,
    /// Another walker has taken this step, or the walk has begun anew: nothing was changed.
    Overtaken,
}

impl Builds {
    /// Where those of a projection are kept.
    pub(crate) fn key(projection: &str) -> Key {
        let partition = Partition::of_operators("projections", None);
        Key { partition, id: projection.to_owned() }
    }

    /// The stream that the item would have, if anything happened to it.
    pub(crate) fn stream(projection: &str) -> StreamId {
        StreamId::of("projections", None, projection)
    }

    /// Those of a projection, as of now.
    pub(crate) async fn of(store: &dyn Store, projection: &str) -> Result<Self, ReadError> {
        let key = Self::key(projection);
        let found = store.get(&key).await;
        let found = found.map_err(|source| ReadError::Store { what: key.to_string(), source })?;
        let Some(item) = found else { return Ok(Self::default()) };
        serde_json::from_value(item.data)
            .map_err(|source| ReadError::Shape { what: key.to_string(), source })
    }

    /// Whether nothing is being made, or only by this code. What is held up nobody makes before it is asked for again.
    pub(crate) fn is_adopted(&self, code: &str) -> bool {
        let is_held_up = |building: &Building| building.state == BuildState::HeldUp;
        self.building.as_ref().is_none_or(|one| is_held_up(one) || one.is_made_by(code))
    }

    /// Another build is asked for. One that is being walked is the one; one that is held up is walked anew.
    pub(super) fn ask(&mut self, by: &Origin, at: Timestamp) {
        match &mut self.building {
            Some(building) if building.state == BuildState::Walking => {}
            // Its walk is in the chain of whoever asks now; since when and by which code it is being made stays.
            Some(building) => {
                let begun =
                    Building::begun(building.generation, AskedBy::of(by), building.started_at);
                *building = Building { code: building.code.take(), ..begun };
            }
            None => self.building = Some(Building::begun(self.live.next(), AskedBy::of(by), at)),
        }
    }

    /// The build that is being made, if that is made by this code, or by none yet.
    ///
    /// Another code may make other rows of the same events, or under other keys: of what two have made nobody could say
    /// what it is. So a build that another code has begun is begun anew, as the next one.
    pub(super) fn adopt(&mut self, code: &str, at: Timestamp) {
        if self.is_adopted(code) {
            return;
        }
        let Some(building) = &mut self.building else { return };
        if building.code.is_none() && building.is_untouched() {
            building.code = Some(code.to_owned());
            return;
        }
        let asked_by = building.asked_by.clone();
        let begun = Building::begun(building.generation.next(), asked_by.clone(), at);
        self.building = Some(Building { code: Some(code.to_owned()), ..begun });
        self.remains = Some(Remains::since(at, asked_by));
    }

    /// The walk of a build would fail again. Answers whether that changes anything.
    pub(super) fn give_up(&mut self, generation: Generation, reason: &str) -> bool {
        let walked =
            |one: &&mut Building| one.generation == generation && one.state == BuildState::Walking;
        let Some(building) = self.building.as_mut().filter(walked) else { return false };
        building.state = BuildState::HeldUp;
        building.reason = Some(reason.to_owned());
        true
    }

    /// Whether a build is held up.
    pub(super) fn is_held_up(&self, generation: Generation) -> bool {
        let building = self.building.as_ref().filter(|one| one.generation == generation);
        building.is_some_and(|one| one.state == BuildState::HeldUp)
    }

    /// Whether a walk still stands where its walker believes.
    pub(super) fn stands_as(&self, walked: &Building) -> bool {
        let building = self.building.as_ref();
        building.is_some_and(|one| one.stands_at(walked.generation, walked.after.as_ref()))
    }

    /// A page was applied. With the last one the build takes the place of the one that is read, unless a stream is held up.
    pub(super) fn advance(&mut self, step: &Step, at: Timestamp) -> Advanced {
        let Some(building) = self
            .building
            .as_mut()
            .filter(|building| building.stands_at(step.generation, step.from.as_ref()))
        else {
            return Advanced::Overtaken;
        };
        building.events += step.events;
        for stream in &step.held_up {
            building.hold_up(stream);
        }
        if step.next.is_some() && building.held_up.len() < MAX_HELD_UP {
            building.after.clone_from(&step.next);
            return Advanced::GoesOn;
        }
        if !building.held_up.is_empty() {
            building.state = BuildState::HeldUp;
            return Advanced::HeldUp;
        }
        self.remains = Some(Remains::since(at, building.asked_by.clone()));
        self.live = building.generation;
        self.building = None;
        Advanced::Swapped
    }

    /// An event of a stream is parked in a build. Answers whether that changes anything: of a build that is not being made
    /// nobody has to know, and what is written for nothing makes others lose their race.
    pub(crate) fn hold_up(&mut self, generation: Generation, stream: &str) -> bool {
        let building = self.building.as_mut().filter(|building| building.generation == generation);
        building.is_some_and(|building| building.hold_up(stream))
    }
}

impl Building {
    fn begun(generation: Generation, by: AskedBy, at: Timestamp) -> Self {
        Self {
            generation,
            started_at: at,
            state: BuildState::Walking,
            code: None,
            after: None,
            events: 0,
            held_up: BTreeSet::new(),
            reason: None,
            asked_by: by,
        }
    }

    /// Whether it is this code that makes it.
    pub(crate) fn is_made_by(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether no walker has come by anything. Without a code, it was none that writes down its own.
    fn is_untouched(&self) -> bool {
        self.after.is_none() && self.events == 0
    }

    /// Whether it is walked, and the next page is this one.
    fn stands_at(&self, generation: Generation, after: Option<&String>) -> bool {
        self.state == BuildState::Walking
            && self.generation == generation
            && self.after.as_ref() == after
    }

    /// The step that has applied the next page.
    pub(crate) fn step(&self, next: Option<String>, events: u64, held_up: Vec<String>) -> Step {
        Step { generation: self.generation, from: self.after.clone(), next, events, held_up }
    }

    /// Answers whether the stream was not named before, and there was room to name it.
    fn hold_up(&mut self, stream: &str) -> bool {
        self.held_up.len() < MAX_HELD_UP && self.held_up.insert(stream.to_owned())
    }
}

impl AskedBy {
    pub(crate) fn of(origin: &Origin) -> Self {
        Self {
            tenant_id: origin.tenant_id.clone(),
            actor_id: origin.actor_id.clone(),
            correlation_id: origin.correlation_id.clone(),
        }
    }

    /// What is done because of it is a command in the chain of the request.
    pub(crate) fn origin(&self, command_id: MessageId) -> Origin {
        Origin {
            command_id,
            tenant_id: self.tenant_id.clone(),
            actor_id: self.actor_id.clone(),
            correlation_id: self.correlation_id.clone(),
            traceparent: None,
            idempotency: None,
        }
    }
}

impl Default for Builds {
    fn default() -> Self {
        Self { live: Generation::FIRST, building: None, remains: None }
    }
}
