//! A replay as it is stored, and what a page of the journal makes of it.
//!
//! The item lies in the state table, the system's and no tenant's, at `#replays` and the replay's id. `[…]` marks what may be
//! absent.
//!
//! ```json
//! {"status":{"id":"0192…","handler":"charge-card","selection":{["type":"order.*"],["tenant_id":"demo"],
//!            ["stream":"orders/0192…"],["from":"2026-11-20T00:00:00Z"],"until":"2026-11-22T09:30:00Z"},
//!            "again":false,"per_minute":600,"state":"running"|"completed"|"cancelled"|"failed",
//!            "counts":{"read":7,"matched":2,"sent":2,"reacted_in_request":0,"forgotten":0,"not_replayable":0},
//!            "requested_at":"2026-11-22T09:30:00Z",["ended_at":"2026-11-22T09:31:00Z"],["reason":"…"],["actor_id":"ann"]},
//!  "at":{["page":"[\"demo#orders/0192…\",7]"],["behind":["demo#orders/0192…",7]]},
//!  "next_due":"2026-11-22T09:30:01Z",
//!  "asked_by":{"tenant_id":"demo",["actor_id":"ann"],"correlation_id":"req-9"}}
//! ```

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::later;
use crate::envelope::RawEnvelope;
use crate::id::ReplayId;
use crate::port::{JournalRecord, Page};
use crate::reactions::Reactions;
use crate::rebuild::AskedBy;
use crate::replay::plan::{Fate, Plan};
use crate::replay::{ReplayState, ReplayStatus};
use crate::replayed::Replayed;
use crate::stored::{Key, Partition, StreamId};

/// The most messages of one step: with the replay itself, what runs, and the command's record they are one transaction.
const MAX_MESSAGES: usize = 90;
/// The most bytes of them, payloads that will not travel along included; a transaction has 4 MB, and this is its greater part.
const MAX_BYTES: usize = 3_000_000;
/// No message is due sooner than this after its step: the relay sends it, and whoever steps has no right to.
const NOT_BEFORE: Duration = Duration::from_secs(1);
/// Nothing is staged that is due later than this: it is all that is still sent once a replay is called off.
const AHEAD: Duration = Duration::from_mins(1);

/// A replay, and where in the journal it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplayWalk {
    pub(super) status: ReplayStatus,
    pub(super) at: Place,
    /// When the next message may be due.
    next_due: Timestamp,
    pub(super) asked_by: AskedBy,
}

/// Where in the journal a replay stands. The journal grows, and what is new may lie anywhere: so within a page the event is
/// named, not its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The position of the page, of the whole journal; the first has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// The last event of it that is behind: its stream's key, and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) behind: Option<(String, u64)>,
}

/// A message that a step sends.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) message: RawEnvelope,
    pub(super) body: String,
    pub(super) due: Timestamp,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Advanced {
    /// There is more to read, from here.
    GoesOn { at: Place },
    /// There is more to send than may be sent by now.
    Waits,
    /// That was the last page.
    Ended,
    /// Another has taken this step, or the replay is over: nothing was changed.
    Overtaken,
}

impl ReplayWalk {
    pub(super) const COLLECTION: &'static str = "replays";

    /// Where a replay is kept.
    pub(crate) fn key(id: ReplayId) -> Key {
        Key { partition: Partition::of_operators(Self::COLLECTION, None), id: id.to_string() }
    }

    /// The stream that the item would have, if anything happened to it.
    pub(crate) fn stream(id: ReplayId) -> StreamId {
        StreamId::of(Self::COLLECTION, None, &id.to_string())
    }

    pub(super) fn begun(status: ReplayStatus, asked_by: AskedBy) -> Self {
        let next_due = status.requested_at;
        Self { status, at: Place::default(), next_due, asked_by }
    }

    /// Which replay it is.
    pub(crate) fn id(&self) -> ReplayId {
        self.status.id
    }

    /// Whether it goes on, and stands there.
    pub(super) fn stands_at(&self, at: &Place) -> bool {
        self.is_running() && self.at == *at
    }

    pub(super) fn is_running(&self) -> bool {
        self.status.state == ReplayState::Running
    }

    /// Whether all is staged that may be sent by now.
    pub(super) fn waits(&self, now: Timestamp) -> bool {
        self.next_due >= later(now, AHEAD)
    }

    /// It is over.
    pub(super) fn end(&mut self, state: ReplayState, reason: Option<&str>, at: Timestamp) {
        self.status.state = state;
        self.status.reason = reason.map(str::to_owned);
        self.status.ended_at = Some(at);
    }

    /// Takes as much of a page as may be sent by now and fits into a transaction, and answers what is sent.
    pub(super) fn advance(
        &mut self,
        page: &Page<JournalRecord>,
        reactions: &Reactions,
        now: Timestamp,
    ) -> (Vec<Send>, Advanced) {
        let plan = Plan::of_status(&self.status);
        let mark = Replayed { id: self.status.id, again: self.status.again };
        let (mut sends, mut bytes) = (Vec::new(), 0);
        let unread = self.unread(page);
        let moved = unread.is_none();
        for record in unread.unwrap_or_default() {
            let fate = plan.fate(record, reactions, now);
            if fate == Fate::Sent {
                let due = self.next_due.max(later(now, NOT_BEFORE));
                if due >= later(now, AHEAD) {
                    return (sends, Advanced::Waits);
                }
                let message = RawEnvelope { replay: Some(mark), ..record.envelope.clone() };
                let body = message.to_body();
                bytes += body.len();
                if sends.len() == MAX_MESSAGES || (bytes > MAX_BYTES && !sends.is_empty()) {
                    return (sends, Advanced::GoesOn { at: self.at.clone() });
                }
                self.next_due = later(due, Duration::from_mins(1) / self.status.per_minute.max(1));
                sends.push(Send { message, body, due });
            }
            self.status.counts.add(fate);
            self.at.behind = Some((record.stream_key(), record.version()));
        }
        let Some(next) = &page.next else {
            self.end(ReplayState::Completed, None, now);
            return (sends, Advanced::Ended);
        };
        if self.status.selection.stream.is_none() {
            let behind = self.at.behind.take().filter(|_| moved);
            self.at = Place { page: Some(next.clone()), behind };
        }
        (sends, Advanced::GoesOn { at: self.at.clone() })
    }

    /// What of a page is not behind yet. A page of one stream begins there. `None`: what is new has moved the event that was the
    /// last onto a later page, and all of this one is before it.
    fn unread<'p>(&self, page: &'p Page<JournalRecord>) -> Option<&'p [JournalRecord]> {
        let Some((stream, version)) = &self.at.behind else { return Some(&page.items) };
        if self.status.selection.stream.is_some() {
            return Some(&page.items);
        }
        let is_last =
            |record: &JournalRecord| record.version() == *version && record.stream_key() == *stream;
        let last = page.items.iter().position(is_last);
        last.map(|index| &page.items[index + 1..])
    }
}
