//! What is left of builds that are over: when it may be removed, and how far it is.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::between;
use crate::rebuild::{AskedBy, Builds};
use crate::stored::Generation;

/// How long somebody may still be at a build that is over: longer than any invocation lives, which is 15 minutes.
///
/// A query that asked which build is read a moment before another took its place is answered from what it found, and an
/// event that is applied to it so late leaves nothing behind.
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, named from memory 2026-11-22.
const LONGEST_USE: Duration = Duration::from_mins(20);

/// What is left of builds that are neither read nor made any more, until all of it is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remains {
    /// Since when the last of them is no longer read or made.
    since: Timestamp,
    /// Up to where in the table they are removed; before the first page, nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// Removing them is in the chain of the request for the build that took their place.
    #[serde(flatten)]
    pub(crate) asked_by: AskedBy,
}

impl Remains {
    /// All of it: what may be removed by now begins anew with each build that is over.
    pub(super) fn since(at: Timestamp, asked_by: AskedBy) -> Self {
        Self { since: at, after: None, asked_by }
    }
}

#[cfg(feature = "simulation")]
impl Remains {
    /// From when on all of it may be removed.
    pub(crate) fn removable_at(&self) -> Timestamp {
        crate::clock::later(self.since, LONGEST_USE)
    }
}

impl Builds {
    /// What may be removed: all that may still read it, or write to it, has ended.
    pub(crate) fn removable(&self, now: Timestamp) -> Option<&Remains> {
        self.remains.as_ref().filter(|remains| between(remains.since, now) >= LONGEST_USE)
    }

    /// Whether nobody reads or makes a build, nor ever will: numbers only grow.
    pub(crate) fn is_over(&self, generation: Generation) -> bool {
        let building = self.building.as_ref().map(|building| building.generation);
        let newest = building.map_or(self.live, |building| building.max(self.live));
        generation < newest && generation != self.live && Some(generation) != building
    }

    /// A page of it is removed, and `next` is where the next one begins; `None`: it was the last.
    ///
    /// Answers whether that changes anything: not where somebody else was faster, or another build is over since.
    pub(super) fn removed(&mut self, of: &Remains, next: Option<&str>) -> bool {
        let remains = self.remains.as_mut().filter(|remains| *remains == of);
        let Some(remains) = remains else { return false };
        match next {
            Some(next) => remains.after = Some(next.to_owned()),
            None => self.remains = None,
        }
        true
    }
}
