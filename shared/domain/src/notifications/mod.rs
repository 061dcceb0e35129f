//! Notifications: what the whole team of a tenant should see.

mod notification;
mod on_campaign_published;
mod on_campaign_paused;
mod on_campaign_resumed;
mod on_campaign_completed;
mod on_task_failed;
mod list_notifications;

pub use list_notifications::list_notifications;
pub use notification::Notification;

/// Tells the team.
#[derive(Debug, Clone, Copy)]
pub struct Notifications;

impl Notifications {
    /// The listener's name, for every event it listens to.
    const NAME: &'static str = "notifications";
}
