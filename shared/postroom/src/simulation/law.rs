//! The laws: what has to be true of every run, whatever goes wrong in it.

use std::fmt;

/// A sentence that every run is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Items, events, messages and the record of a transaction are found together or not at all.
    AllOrNothing,
    /// Each reaction to what was committed took effect once, or its message is a dead letter.
    ExactlyOnce,
    /// What nobody can read, and what a queue gives up, is done or a dead letter, and its run says which.
    Kept,
    /// What is decided about a dead letter stands, with who decided it, and a message that is given up, or has another in its
    /// place, does nothing more.
    Decided,
    /// What failed for good is not tried again before somebody decides so.
    NotTriedAgain,
    /// Only what was committed is ever delivered.
    NothingInvented,
    /// Calls of a service about one message carry one idempotency key.
    OneKey,
    /// An effect outside that must not be repeated happens once at most.
    NotRepeated,
    /// A decision commits only while everything it loaded is as it was.
    Unchanged,
    /// Whoever has lost its lease commits nothing.
    Fenced,
    /// While a breaker is known to be open its service is called by one prober at a time, once.
    Spared,
    /// No attempt is counted that was not made, or that failed while its service was known to be down.
    Untried,
    /// Each call of a service with a rate has a slot of its own, and no slot is given out twice.
    Paced,
    /// Whatever is given up is told once, in the transaction of its dead letter, or that says that it was left out.
    Reacted,
    /// What is written, sent or answered for one tenant names no other.
    OwnTenant,
    /// The versions of a stream are 1, 2, 3 and so on, each there once.
    Gapless,
    /// A repeated request is done once, and answered as it was the first time.
    SameAnswer,
    /// Of a request that was only ever refused nothing is committed.
    NothingOfRefused,
    /// Causes lead from every event and every task back to a command of the same chain.
    Rooted,
    /// What is left of a build that is over is removed in the end, and nothing of one that is read or made.
    Swept,
    /// When nothing fails any more everything comes to rest: callers are answered, outbox and queues are empty.
    Rest,
    /// What the business says of itself at all times is true whenever something was committed.
    Always,
    /// What the business says of itself is true at the end.
    Invariant,
}

impl Law {
    /// Every law.
    pub const ALL: [Self; 23] = [
        Self::AllOrNothing,
        Self::ExactlyOnce,
        Self::Kept,
        Self::Decided,
        Self::NotTriedAgain,
        Self::NothingInvented,
        Self::OneKey,
        Self::NotRepeated,
        Self::Unchanged,
        Self::Fenced,
        Self::Spared,
        Self::Untried,
        Self::Paced,
        Self::Reacted,
        Self::OwnTenant,
        Self::Gapless,
        Self::SameAnswer,
        Self::NothingOfRefused,
        Self::Rooted,
        Self::Swept,
        Self::Rest,
        Self::Always,
        Self::Invariant,
    ];

    /// The law as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AllOrNothing => {
                "items, events, messages and record of a transaction are found together or not at all"
            }
            Self::ExactlyOnce => {
                "each reaction to what was committed took effect once, or its message is a dead letter"
            }
            Self::Kept => {
                "what nobody can read, or a queue gives up, is done or a dead letter, as its run says"
            }
            Self::Decided => {
                "what is decided about a dead letter stands, and its message does nothing beside it"
            }
            Self::NotTriedAgain => {
                "what failed for good is not tried again before somebody decides so"
            }
            Self::NothingInvented => "only what was committed is ever delivered",
            Self::OneKey => "calls of a service about one message carry one idempotency key",
            Self::NotRepeated => "an effect outside that must not be repeated happens once at most",
            Self::Unchanged => "a decision commits only while everything it loaded is as it was",
            Self::Fenced => "whoever has lost its lease commits nothing",
            Self::Spared => {
                "while a breaker is known to be open its service is called by one prober at a time, once"
            }
            Self::Untried => {
                "no attempt is counted that was not made, or failed while its service was known to be down"
            }
            Self::Paced => {
                "each call of a service with a rate has a slot of its own, and no slot is given out twice"
            }
            Self::Reacted => {
                "whatever is given up is told once, with its dead letter, or that says that it was left out"
            }
            Self::OwnTenant => "what is written, sent or answered for one tenant names no other",
            Self::Gapless => "the versions of a stream are 1, 2, 3 and so on, each there once",
            Self::SameAnswer => {
                "a repeated request is done once, and answered as it was the first time"
            }
            Self::NothingOfRefused => {
                "of a request that was only ever refused nothing is committed"
            }
            Self::Rooted => {
                "causes lead from every event and every task back to a command of the same chain"
            }
            Self::Swept => {
                "what is left of a build that is over is removed in the end, and nothing else of any"
            }
            Self::Rest => {
                "when nothing fails any more everything comes to rest, outbox and queues empty"
            }
            Self::Always => {
                "what the business says of itself at all times is true whenever something was committed"
            }
            Self::Invariant => "what the business says of itself is true at the end",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// A law that a run broke, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which law.
    pub law: Law,
    /// What was found: `charge-card#… took effect 2 times`.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; but {}", self.law, self.found)
    }
}
