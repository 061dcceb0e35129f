//! What a user is sent.

mod letterhead;
mod send_notifications;
mod trial_mail;

pub use letterhead::{InvalidUnsubscribeUrl, UnsubscribeUrl};
pub use send_notifications::{SendNotifications, SendNotificationsError};
