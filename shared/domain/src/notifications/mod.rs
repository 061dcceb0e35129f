//! Notifications: what the whole team of a tenant should see.

mod notification;
mod on_campaign_published;

pub use notification::Notification;

/// Tells the team.
#[derive(Debug, Clone, Copy)]
pub struct Notifications;
