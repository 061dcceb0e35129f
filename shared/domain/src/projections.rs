//! Every read model that is made from events.

use postroom::Projections;

use crate::activity::ActivityFeed;
use crate::ledger::AccountViews;

/// What `project-views` keeps up, and operators rebuild.
pub fn projections() -> Projections {
    Projections::default().with(AccountViews).with(ActivityFeed)
}
