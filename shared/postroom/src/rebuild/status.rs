//! How the builds of a projection stand, for operators.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rebuild::{BuildState, Building, Builds};
use crate::stored::Generation;

/// A projection and its builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The build that is read.
    pub live: Generation,
    /// The build that is being made beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<BuildStatus>,
}

/// A build that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildStatus {
    /// Which.
    pub generation: Generation,
    /// When it was begun.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: BuildState,
    /// How many events of the journal its walk has come by; begun anew, it counts anew.
    pub events: u64,
    /// The streams of which an event is parked in it, each with a dead letter; twenty at most.
    pub held_up: Vec<String>,
    /// Why its walk was given up, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ProjectionStatus {
    pub(super) fn of(name: &str, builds: Builds) -> Self {
        let building = builds.building.map(BuildStatus::of);
        Self { name: name.to_owned(), live: builds.live, building }
    }
}

impl BuildStatus {
    fn of(building: Building) -> Self {
        let Building { generation, started_at, state, events, held_up, reason, .. } = building;
        let held_up = held_up.into_iter().collect();
        Self { generation, started_at, state, events, held_up, reason }
    }
}
