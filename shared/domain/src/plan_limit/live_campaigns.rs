//! The counter behind the plan limit.

use postroom::{Place, Stored};
use serde::{Deserialize, Serialize};

/// How many campaigns of a tenant are published or paused: `{"count":3}`, one item a tenant; absent is none.
///
/// A counter and not a query: its version guards the decision, where a query could be outdated before the commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCampaigns {
    /// So many.
    pub count: u32,
}

/// One more would be more than the plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LimitReached;

impl LiveCampaigns {
    /// Where a tenant's counter lives.
    pub fn place() -> Place<Self> {
        Place::new("count")
    }

    /// With one more, if at most `limit` may be live.
    pub(super) fn one_more(self, limit: u32) -> Result<Self, LimitReached> {
        if self.count < limit { Ok(Self { count: self.count + 1 }) } else { Err(LimitReached) }
    }

    /// With one less, never below none: a place that was never taken cannot be given back.
    pub(super) fn one_less(self) -> Self {
        Self { count: self.count.saturating_sub(1) }
    }
}

impl Stored for LiveCampaigns {
    const COLLECTION: &'static str = "live-campaigns";

    fn place(&self) -> Place<Self> {
        Self::place()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_within_the_limit_is_allowed_and_the_next_is_not() {
        let last = LiveCampaigns { count: 19 };

        let full = last.one_more(20);

        assert_eq!(full, Ok(LiveCampaigns { count: 20 }));
        assert_eq!(full.unwrap().one_more(20), Err(LimitReached));
    }

    #[test]
    fn a_limit_lowered_below_what_is_live_refuses() {
        assert_eq!(LiveCampaigns { count: 20 }.one_more(5), Err(LimitReached));
    }

    #[test]
    fn a_place_given_back_is_free_and_there_are_never_less_than_none() {
        assert_eq!(LiveCampaigns { count: 2 }.one_less(), LiveCampaigns { count: 1 });
        assert_eq!(LiveCampaigns { count: 0 }.one_less(), LiveCampaigns { count: 0 });
    }
}
