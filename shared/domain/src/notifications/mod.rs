//! Notifications: what the whole team of a tenant should see.

mod notification;
mod on_campaign_published;
mod list_notifications;

pub use list_notifications::list_notifications;
pub use notification::Notification;

/// Tells the team.
#[derive(Debug, Clone, Copy)]
pub struct Notifications;
