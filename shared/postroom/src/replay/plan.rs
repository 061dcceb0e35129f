//! What a replay does with an event: a decision, without reading or writing anything.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::id::ReplayId;
use crate::port::JournalRecord;
use crate::reactions::Reactions;
use crate::replay::{ReplayError, ReplayOrder, ReplayStatus, Selection};

/// The longest that a message is on its way to its handler: fourteen days in its queue, and one in the outbox. What is
/// forgotten sooner than that is not sent: it could arrive when nobody knows any more that it was done.
// `MessageRetentionPeriod`: the documentation of `aws-sdk-sqs` 1.119, read 2026-11-21.
pub(super) const ON_ITS_WAY: Duration = Duration::from_hours(15 * 24);

/// Which events go to whom.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) handler: String,
    pub(super) selection: Selection,
    pub(super) again: bool,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody asked for it, or its handler does not take it.
    NotMeant,
    /// It goes to the queue.
    Sent,
    /// Its handler has reacted to it in its request.
    ReactedInRequest,
    /// Nobody may know any more whether it was done.
    Forgotten,
    /// Its handler must not do it again.
    NotReplayable,
}

impl Plan {
    /// What an order comes to, at the moment in which it is given.
    ///
    /// # Errors
    /// [`ReplayError`]: nothing could ever be sent, or it says two things.
    pub(super) fn of(
        order: &ReplayOrder,
        reactions: &Reactions,
        now: Timestamp,
    ) -> Result<Self, ReplayError> {
        let handler = order.handler.clone();
        if reactions.is_projector(&handler) {
            return Err(ReplayError::Projector { handler });
        }
        if !reactions.queues().contains(&&*handler) {
            return Err(ReplayError::NoSuchHandler { handler });
        }
        if order.stream.is_some() && order.tenant_id.is_none() {
            return Err(ReplayError::StreamOfNobody);
        }
        let until = order.until.map_or(now, |until| until.min(now));
        if let Some(from) = order.from.filter(|from| *from >= until) {
            return Err(ReplayError::NoPeriod { from, until });
        }
        let selection = Selection {
            r#type: order.r#type.clone(),
            tenant_id: order.tenant_id.clone(),
            stream: order.stream.clone(),
            from: order.from,
            until,
        };
        let types = reactions.queued_for(&handler).into_iter();
        let types: Vec<_> = types.filter(|r#type| selection.has_type(r#type)).collect();
        if types.is_empty() {
            let r#type = order.r#type.clone().unwrap_or_default();
            return Err(ReplayError::NoSuchType { handler, r#type });
        }
        let is_replayable = |r#type: &&str| reactions.replayable(&handler, r#type);
        if order.again && !types.iter().any(is_replayable) {
            return Err(ReplayError::NotReplayable { handler });
        }
        Ok(Self { handler, selection, again: order.again })
    }

    pub(super) fn of_status(status: &ReplayStatus) -> Self {
        let ReplayStatus { handler, selection, again, .. } = status;
        Self { handler: handler.clone(), selection: selection.clone(), again: *again }
    }

    /// What becomes of an event that is sent now.
    ///
    /// What was done in the request is done, as what was done from a queue is: only `again` does it once more.
    pub(super) fn fate(
        &self,
        record: &JournalRecord,
        reactions: &Reactions,
        now: Timestamp,
    ) -> Fate {
        let (event, handler) = (&record.envelope, &*self.handler);
        let is_taken = reactions.queued(&event.r#type).contains(&handler);
        if !is_taken || !self.selection.means(event) {
            return Fate::NotMeant;
        }
        if self.again {
            let replayable = reactions.replayable(handler, &event.r#type);
            return if replayable { Fate::Sent } else { Fate::NotReplayable };
        }
        if record.in_request.iter().any(|reaction| reaction.handler == handler) {
            return Fate::ReactedInRequest;
        }
        // It was done after it happened, and so is remembered for longer than this.
        let remembered = later(event.time, reactions.remembered(handler, &event.r#type));
        if remembered <= later(now, ON_ITS_WAY) { Fate::Forgotten } else { Fate::Sent }
    }

    /// The plan as a replay that begins.
    pub(super) fn status(self, id: ReplayId, per_minute: u32, now: Timestamp) -> ReplayStatus {
        let Self { handler, selection, again } = self;
        ReplayStatus {
            id,
            handler,
            selection,
            again,
            per_minute,
            state: super::ReplayState::Running,
            counts: super::ReplayCounts::default(),
            requested_at: now,
            ended_at: None,
            reason: None,
            actor_id: None,
        }
    }
}
