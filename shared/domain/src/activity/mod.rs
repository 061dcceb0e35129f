//! Activity: what happened to a tenant's things, for those who want to follow all of it.

mod activity_item;
mod activity_feed;
mod activity_filter;
mod list_activity;

pub use activity_feed::ActivityFeed;
pub use activity_filter::{ActivityFilter, EventPattern, InvalidActivityFilter, Subject};
pub use activity_item::ActivityItem;
pub use list_activity::list_activity;
