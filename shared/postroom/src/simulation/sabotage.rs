//! Planted faults: the mistakes that systems like this are made with, put between the kit and its ports.
//!
//! Each has to be caught by the law that forbids it, or that law proves nothing. Without any other fault none of them
//! shows: a mistake that every test sees needs no simulator.

use crate::simulation::{Fault, Law};

/// One row a mistake: what it is, how it is called on a command line, and the laws that forbid it, each with words of what
/// is found then. Others may be broken as well.
macro_rules! sabotages {
    ($(#[doc = $what:literal] $Mistake:ident $name:literal $([$Law:ident $found:literal])+;)+) => {
        /// A mistake on purpose, made by the ports and not by the kit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Sabotage {
            $(#[doc = $what] $Mistake,)+
        }

        impl Sabotage {
            /// Every sabotage.
            pub const ALL: &[Self] = &[$(Self::$Mistake),+];

            /// How it is called on a command line: `no-inbox`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Mistake => $name,)+
                }
            }

            /// The laws that forbid it, and words of what is found: a law has several ways to be broken.
            pub fn breaks(self) -> &'static [(Law, &'static str)] {
                match self {
                    $(Self::$Mistake => &[$((Law::$Law, $found)),+],)+
                }
            }
        }
    };
}

impl Sabotage {
    /// What a run has often in which it is planted, because without it the mistake hardly ever shows.
    pub(super) fn needs(self) -> &'static [Fault] {
        match self {
            Self::AuditInSecondWrite => &[Fault::Kill, Fault::Stranger],
            Self::EditInTwoWrites => &[Fault::Kill, Fault::Deny],
            Self::CollectBeforePark => &[Fault::Kill],
            Self::PermanentIsRetried => &[Fault::Deny, Fault::Duplicate],
            _ => &[],
        }
    }
}

sabotages! {
    /// The inbox forgets what was done.
    NoInbox "no-inbox" [ExactlyOnce "took effect 2 times"];
    /// Messages are told apart by their ids, although their handler gives several one key.
    KeyNotUsed "key-not-used"
        [ExactlyOnce "took effect 2 times"] [Invariant "more than once"];
    /// Messages are sent before their transaction commits.
    SendBeforeCommit "send-before-commit" [NothingInvented "was delivered and never committed"];
    /// Messages are sent after the commit, and nothing keeps those that were not.
    NoOutbox "no-outbox"
        [ExactlyOnce "never took effect"] [AllOrNothing "was committed without the message"];
    /// After a lost race a message is forgotten that the table asks for.
    ForgetReaction "forget-reaction" [ExactlyOnce "never took effect"];
    /// After a lost race a listener is left out that the table names.
    ForgetListener "forget-listener" [ExactlyOnce "was committed after"];
    /// The record of what was done is written after it.
    RecordInSecondWrite "record-in-second-write" [AllOrNothing "was committed without the record"];
    /// Items are written after all else.
    ItemsInSecondWrite "items-in-second-write" [AllOrNothing "has version 0 after 1 writes"];
    /// Events are written after all else.
    EventsInSecondWrite "events-in-second-write" [AllOrNothing "was committed without the event"];
    /// Events are written before all else.
    EventsInFirstWrite "events-in-first-write" [AllOrNothing "events were found"];
    /// A message is sent once more, and that this was decided is written afterwards.
    DecideInTwoWrites "decide-in-two-writes" [AllOrNothing "was redriven"];
    /// That somebody decided about a dead letter is written down after it.
    AuditInSecondWrite "audit-in-second-write" [Decided "has no audit entry"];
    /// A dead letter says that something was sent in its place, and that is done afterwards.
    EditInTwoWrites "edit-in-two-writes"
        [Decided "was never sent"] [AllOrNothing "was committed without the message"];
    /// Items are written whatever version they have.
    NoVersionCondition "no-version-condition" [Unchanged "went from"];
    /// Events are appended over those of others who have read as much.
    AppendOver "append-over"
        [AllOrNothing "was committed without the event"] [Always "were paid in"];
    /// A snapshot is written before its events, and believed whatever events there are.
    SnapshotInFirstWrite "snapshot-in-first-write" [Always "events make"];
    /// A read model is written before the position that says so.
    ViewInFirstWrite "view-in-first-write" [Always "read as"];
    /// A read model is written whatever it has become since it was read.
    ViewWithoutVersion "view-without-version" [Always "are read of all"];
    /// Another build of a read model is read as soon as somebody asks for it.
    SwapBeforeWalked "swap-before-walked" [Invariant "is read up to"];
    /// A sweep removes the rows of the build that is read too.
    SweepWhatIsRead "sweep-what-is-read" [Swept "its build is not over"];
    /// A sweep forgets a row of each page.
    ForgetRows "forget-rows" [Swept "is left of a build"];
    /// A job is completed whoever holds its lease.
    UnfencedLease "unfenced-lease" [Fenced "under a lease that is not its own any more"];
    /// A message is acknowledged before its dead letter is written.
    AcknowledgeBeforePark "acknowledge-before-park"
        [ExactlyOnce "is no dead letter"] [AllOrNothing "was committed without the dead letter"];
    /// That a message failed for good is not remembered: whatever brings it again has it tried again.
    PermanentIsRetried "permanent-is-retried" [NotTriedAgain "begun again"];
    /// What a queue gave up is acknowledged before its dead letter is written.
    CollectBeforePark "collect-before-park"
        [Kept "was given up by its queue"] [ExactlyOnce "is no dead letter"];
    /// What nobody can read is acknowledged, and that is all.
    DropUnread "drop-unread" [Kept "is no dead letter"];
    /// A dead letter is written first, and that its run was given up afterwards.
    ParkInTwoWrites "park-in-two-writes" [AllOrNothing "was committed without the record"];
    /// Events get their numbers before their transaction commits, from a counter of their own.
    NumberBeforeCommit "number-before-commit" [Gapless "has version"];
    /// What a request answered is not found again, neither by its token nor by its record.
    ForgetAnswers "forget-answers"
        [SameAnswer "was committed and then answered"]
        [NothingOfRefused "was committed and only ever refused"];
    /// The relay sends messages under ids of their own.
    FreshIdWhenRelayed "fresh-id-when-relayed" [Rooted "leads back to no command"];
    /// The relay does not find what its queue has refused once.
    OverlookRefused "overlook-refused" [Rest "in the outbox"];
    /// A lease does not run out.
    LeaseWithoutEnd "lease-without-end" [Rest "is left"];
    /// Nobody sees that somebody probes, or that it is too early to, and whoever wants to probe is elected.
    EveryoneProbes "everyone-probes" [Spared "two probed"];
    /// Attempts are counted that failed because their service was down.
    CountUntried "count-untried" [Untried "was counted"];
    /// Slots of a rate are looked up, and taken afterwards.
    SlotsInTwoCalls "slots-in-two-calls" [Paced "were given out twice"];
    /// What follows from giving up is written after the dead letter.
    ReactInSecondWrite "react-in-second-write" [Reacted "was told 0 times"];
    /// What is to be sent once more is run again.
    ReplayAgain "replay-again" [ExactlyOnce "nobody had it run again"];
    /// What was done under an idempotency key is looked up whoever has used that key.
    KeyOfAnyTenant "key-of-any-tenant" [OwnTenant "names"];
}
