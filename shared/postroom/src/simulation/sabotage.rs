//! Planted faults: the mistakes that systems like this are made with, put between the kit and its ports.
//!
//! Each has to be caught by the law that forbids it, or that law proves nothing. Without any other fault none of them
//! shows: a mistake that every test sees needs no simulator.

use crate::simulation::Law;

/// A mistake on purpose, made by the ports and not by the kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The inbox forgets what was done.
    NoInbox,
    /// Messages are sent before their transaction commits.
    SendBeforeCommit,
    /// Messages are sent after the commit, and nothing keeps those that were not.
    NoOutbox,
    /// The record of what was done is written after it.
    RecordInSecondWrite,
    /// Items are written whatever version they have.
    NoVersionCondition,
    /// A job is completed whoever holds its lease.
    UnfencedLease,
    /// A message is acknowledged before its dead letter is written.
    AcknowledgeBeforePark,
    /// A dead letter is written first, and that its run was given up afterwards.
    ParkInTwoWrites,
    /// Events get their numbers before their transaction commits, from a counter of their own.
    NumberBeforeCommit,
    /// What a request answered is not found again, neither by its token nor by its record.
    ForgetAnswers,
    /// The relay sends messages under ids of their own.
    FreshIdWhenRelayed,
    /// A lease does not run out.
    LeaseWithoutEnd,
    /// Nobody sees that somebody probes, and whoever wants to probe is elected.
    EveryoneProbes,
    /// Attempts are counted that failed because their service was down.
    CountUntried,
    /// Slots of a rate are looked up, and taken afterwards.
    SlotsInTwoCalls,
    /// What follows from giving up is written after the dead letter.
    ReactInSecondWrite,
    /// What was done under an idempotency key is looked up whoever has used that key.
    KeyOfAnyTenant,
}

impl Sabotage {
    /// Every sabotage.
    pub const ALL: [Self; 17] = [
        Self::NoInbox,
        Self::SendBeforeCommit,
        Self::NoOutbox,
        Self::RecordInSecondWrite,
        Self::NoVersionCondition,
        Self::UnfencedLease,
        Self::AcknowledgeBeforePark,
        Self::ParkInTwoWrites,
        Self::NumberBeforeCommit,
        Self::ForgetAnswers,
        Self::FreshIdWhenRelayed,
        Self::LeaseWithoutEnd,
        Self::EveryoneProbes,
        Self::CountUntried,
        Self::SlotsInTwoCalls,
        Self::ReactInSecondWrite,
        Self::KeyOfAnyTenant,
    ];

    /// How it is called on a command line: `no-inbox`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoInbox => "no-inbox",
            Self::SendBeforeCommit => "send-before-commit",
            Self::NoOutbox => "no-outbox",
            Self::RecordInSecondWrite => "record-in-second-write",
            Self::NoVersionCondition => "no-version-condition",
            Self::UnfencedLease => "unfenced-lease",
            Self::AcknowledgeBeforePark => "acknowledge-before-park",
            Self::ParkInTwoWrites => "park-in-two-writes",
            Self::NumberBeforeCommit => "number-before-commit",
            Self::ForgetAnswers => "forget-answers",
            Self::FreshIdWhenRelayed => "fresh-id-when-relayed",
            Self::LeaseWithoutEnd => "lease-without-end",
            Self::EveryoneProbes => "everyone-probes",
            Self::CountUntried => "count-untried",
            Self::SlotsInTwoCalls => "slots-in-two-calls",
            Self::ReactInSecondWrite => "react-in-second-write",
            Self::KeyOfAnyTenant => "key-of-any-tenant",
        }
    }

    /// The laws that forbid it. Others may be broken as well.
    pub fn breaks(self) -> &'static [Law] {
        match self {
            Self::NoInbox | Self::NoOutbox | Self::AcknowledgeBeforePark => &[Law::ExactlyOnce],
            Self::SendBeforeCommit => &[Law::NothingInvented],
            Self::RecordInSecondWrite | Self::ParkInTwoWrites => &[Law::AllOrNothing],
            Self::NoVersionCondition => &[Law::Unchanged],
            Self::UnfencedLease => &[Law::Fenced],
            Self::NumberBeforeCommit => &[Law::Gapless],
            Self::ForgetAnswers => &[Law::SameAnswer, Law::NothingOfRefused],
            Self::FreshIdWhenRelayed => &[Law::Rooted],
            Self::LeaseWithoutEnd => &[Law::Rest],
            Self::EveryoneProbes => &[Law::Spared],
            Self::CountUntried => &[Law::Untried],
            Self::SlotsInTwoCalls => &[Law::Paced],
            Self::ReactInSecondWrite => &[Law::Reacted],
            Self::KeyOfAnyTenant => &[Law::OwnTenant],
        }
    }
}
