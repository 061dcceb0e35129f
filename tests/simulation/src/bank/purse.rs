//! Purses: what they are is what happened to them, and nothing else is kept.

use postroom::{Aggregate, Event, Message, StreamId, events};
use serde::{Deserialize, Serialize};

/// Somebody paid in for the first time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PurseOpened {
    pub(crate) purse: String,
    pub(crate) owner: String,
}

impl Message for PurseOpened {
    const TYPE: &'static str = "purse.opened";
}

impl Event for PurseOpened {
    fn stream(&self) -> StreamId {
        Purse::stream(&self.purse)
    }
}

macro_rules! movements {
    ($($Event:ident $type:literal $what:literal;)*) => {$(
        #[doc = $what]
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) struct $Event {
            pub(crate) purse: String,
            pub(crate) coins: i64,
            /// How many are in the purse then, as whoever decided it knew.
            pub(crate) left: i64,
        }

        impl Message for $Event {
            const TYPE: &'static str = $type;
        }

        impl Event for $Event {
            fn stream(&self) -> StreamId {
                Purse::stream(&self.purse)
            }
        }
    )*};
}
movements! {
    CoinsPaidIn "coins.paid_in" "Coins came from outside.";
    CoinsPaidOut "coins.paid_out" "Coins went outside.";
    CoinsSent "coins.sent" "Coins went to another purse.";
    CoinsReceived "coins.received" "Coins came from another purse.";
}

events! {
    /// What can happen to a purse.
    pub(crate) enum PurseEvent { PurseOpened, CoinsPaidIn, CoinsPaidOut, CoinsSent, CoinsReceived }
}

/// A purse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purse {
    pub(crate) coins: i64,
}

impl PurseEvent {
    /// How many coins came, or went, and how many are left by what the event says.
    pub(crate) fn movement(&self) -> Option<(i64, i64)> {
        match self {
            Self::PurseOpened(_) => None,
            Self::CoinsPaidIn(CoinsPaidIn { coins, left, .. })
            | Self::CoinsReceived(CoinsReceived { coins, left, .. }) => Some((*coins, *left)),
            Self::CoinsPaidOut(CoinsPaidOut { coins, left, .. })
            | Self::CoinsSent(CoinsSent { coins, left, .. }) => Some((-*coins, *left)),
        }
    }
}

impl Aggregate for Purse {
    const STREAM: &'static str = "purses";
    const SNAPSHOT: u32 = 1;
    type Event = PurseEvent;

    fn begin(first: &PurseEvent) -> Option<Self> {
        first.movement().is_none().then(Self::default)
    }

    fn apply(&mut self, next: &PurseEvent) {
        self.coins += next.movement().map_or(0, |(coins, _)| coins);
    }
}
