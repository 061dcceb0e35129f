//! The mark of a message that a replay sends once more.

use crate::id::ReplayId;

/// That a message was sent before, and by which replay it is sent once more.
///
/// On the wire two more attributes of its envelope: `"replayid":"0192…"`, and `"replayagain":true` or nothing. What a handler
/// emits about it never has them: that is nobody's replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Which replay.
    pub id: ReplayId,
    /// Whether it is run although it was done before: in a run of the replay's own, by handlers alone that say that they are
    /// [replayable](crate::Job::REPLAYABLE). Otherwise it is one more delivery of the message, and a duplicate where that was
    /// done.
    pub again: bool,
}

impl Replayed {
    /// The replay whose own the runs of the message are; `None`: they are the message's, as those of any delivery.
    pub fn scope(self) -> Option<ReplayId> {
        self.again.then_some(self.id)
    }
}
