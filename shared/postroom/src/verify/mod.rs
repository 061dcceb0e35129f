//! Verifying a read model: what is read of it is compared with a fold of the journal. Nothing is written.
//!
//! All of the journal is walked. Each stream is folded in memory by the projection's own code, up to the position that the
//! build names, and every row that this makes is compared with the one that is stored. A row's version is how often it was
//! written, and the fold counts too: as often means by the same events, so that what differs then is wrong, however much
//! goes on meanwhile. Stored less often, a row has lost a change. Stored more often, it has moved on, or belongs to streams
//! that come later; what is still so at the end of a round, and has not changed by the end of the next, is wrong too. A row
//! that was as often before all of its streams had come by may have lost a change of another: it is folded again, to its end.

mod difference;
mod sheet;
mod round;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::port::{Item, StoreError};
use crate::projection::{AnyProjection, Build, Projections};
use crate::reader::ReadError;
use crate::rebuild::Builds;
use crate::runtime::Runtime;
use crate::stored::{Generation, Key};
use crate::verdict::{Classify, Failure, Verdict};

pub use difference::Difference;

use difference::Differences;
use round::{Counts, Found, Round};
use sheet::{Mark, Sheet};

/// How often all of it is compared, at most: where rows have moved on while they were read.
const ROUNDS: u32 = 3;

/// Compares what is read of projections with the journal. Cheap to clone.
///
/// It sees all tenants: whoever asks must have the right to operate the system.
#[derive(Clone)]
pub struct Verifier {
    runtime: Runtime,
    projections: Projections,
    most_rows: usize,
}

/// What a comparison has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The projection.
    pub name: String,
    /// The build that was read.
    pub build: Generation,
    /// How many streams were folded.
    pub streams: u64,
    /// How many of their events.
    pub events: u64,
    /// How many rows these have made.
    pub rows: u64,
    /// What is not as the journal has it, a hundred at most.
    pub differences: Vec<Difference>,
    /// How many there are besides.
    pub more: u64,
    /// How many rows changed whenever they were read, and could not be compared.
    pub moving: u64,
    /// Whether so much differs that there were more rows to hold than can be: of the streams behind, nothing is known.
    pub cut_short: bool,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such projection. Permanent.
    #[error("there is no projection {name}")]
    NotFound { name: String },
    /// What the build says of itself could not be read.
    #[error("the build of {name} that is read could not be looked at")]
    Build {
        name: &'static str,
        #[source]
        source: ReadError,
    },
    /// The journal or the read model could not be read; the store knows whether that passes.
    #[error("{name} could not be compared")]
    Store {
        name: &'static str,
        #[source]
        source: StoreError,
    },
    /// An event that was applied once cannot be by this code. Permanent.
    #[error("this code cannot apply version {version} of {stream}: {}", failure.reason())]
    Fold { stream: String, version: u64, failure: Failure },
    /// More rows than this holds at a time are one stream's, or shared and not complete before its end; and of what was
    /// compared before, nothing differs. Permanent.
    #[error("more than {limit} rows of {name} have to be compared at a time")]
    TooManyRows { name: &'static str, limit: usize },
    /// Another build was swapped in whenever this one had been read. Retryable.
    #[error("another build of {name} was swapped in meanwhile")]
    Swapped { name: &'static str },
}

impl Classify for VerifyError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } | Self::TooManyRows { .. } => Verdict::Permanent,
            Self::Build { source, .. } => source.verdict(),
            Self::Store { source, .. } => source.verdict(),
            Self::Fold { failure, .. } => failure.verdict,
            Self::Swapped { .. } => Verdict::RETRY,
        }
    }
}

impl Verifier {
    /// The most rows that are held at a time, unless it is told otherwise: those of one stream, those of streams that share
    /// one and have not all come by, and those that have lost a change or are gone.
    pub const MAX_ROWS: usize = 200_000;

    /// One for these projections.
    pub fn new(runtime: Runtime, projections: Projections) -> Self {
        Self { runtime, projections, most_rows: Self::MAX_ROWS }
    }

    /// One that holds no more rows than these, where there is less memory.
    #[must_use]
    pub fn holding(self, most_rows: usize) -> Self {
        Self { most_rows, ..self }
    }

    /// Compares the build of a projection that is read with what its streams come to, up to where it has applied them.
    ///
    /// An event that has waited for more than a minute is a difference too: nobody will apply it any more, or it is parked.
    /// What is there that no event has made is not looked for.
    ///
    /// # Errors
    /// [`VerifyError`]: nothing is known then.
    pub async fn verify(&self, name: &str) -> Result<Verified, VerifyError> {
        let found = self.projections.iter().find(|projection| projection.name() == name);
        let Some(projection) = found else {
            return Err(VerifyError::NotFound { name: name.to_owned() });
        };
        let mut live = self.live(projection).await?;
        let (mut earlier, mut last) = (Earlier::default(), None);
        for _ in 0..ROUNDS {
            let build = Build { projection, generation: live, is_read: true };
            let sheet = Sheet::holding(&earlier.came_back, self.most_rows);
            let round = Round::on(sheet, &self.runtime, build).run().await?;
            let read = std::mem::replace(&mut live, self.live(projection).await?);
            if read != live {
                (earlier, last) = (Earlier::default(), None);
                continue;
            }
            let compared = earlier.compare(round);
            let is_over = compared.moving == 0 || compared.cut_short;
            last = Some(compared);
            if is_over {
                break;
            }
        }
        let Some(compared) = last else {
            return Err(VerifyError::Swapped { name: projection.name() });
        };
        Ok(compared.told(name, live))
    }

    async fn live(&self, projection: &dyn AnyProjection) -> Result<Generation, VerifyError> {
        let name = projection.name();
        let builds = Builds::of(&*self.runtime.ports().store, name).await;
        Ok(builds.map_err(|source| VerifyError::Build { name, source })?.live)
    }
}

/// What a round leaves to the next.
#[derive(Default)]
struct Earlier {
    /// Rows that have moved on, or are wrong.
    ahead: BTreeMap<Key, Item>,
    /// Rows that have to be held to the end.
    came_back: HashSet<Mark>,
}

/// What a round has come to, with what was known before it.
struct Compared {
    counts: Counts,
    differences: Differences,
    moving: usize,
    cut_short: bool,
}

impl Earlier {
    /// What is stored as often as in the round before, and more often than its events come to, is wrong.
    fn compare(&mut self, round: Found) -> Compared {
        let Found { counts, mut differences, ahead, came_back, cut_short } = round;
        let mut moving = BTreeMap::new();
        for (key, row) in ahead {
            if self.ahead.get(&key) == Some(&row.found) {
                differences.of_row(&key, Some(&row.made), Some(&row.found));
            } else {
                moving.insert(key, row.found);
            }
        }
        self.ahead = moving;
        let moving = self.ahead.len() + came_back.len();
        self.came_back.extend(came_back);
        Compared { counts, differences, moving, cut_short }
    }
}

impl Compared {
    fn told(self, name: &str, build: Generation) -> Verified {
        let Self { counts, differences, moving, cut_short } = self;
        let (differences, more) = differences.told();
        Verified {
            name: name.to_owned(),
            build,
            streams: counts.streams,
            events: counts.events,
            rows: counts.rows,
            differences,
            more,
            moving: u64::try_from(moving).unwrap_or(u64::MAX),
            cut_short,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.projections.fmt(f)
    }
}
