//! What a user is sent.

mod letterhead;
mod send_notifications;

pub use letterhead::{InvalidUnsubscribeUrl, UnsubscribeUrl};
pub use send_notifications::{SendNotifications, SendNotificationsError};
