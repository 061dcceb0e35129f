//! Payments: what the payment provider collected for an account is deposited there, and what it gave back is withdrawn.

mod error;
mod object;
mod payment;
mod on_webhook_received;

pub use error::SettleError;
pub use payment::Payment;

/// Books what webhooks tell of payments and their refunds.
#[derive(Debug, Clone, Copy)]
pub struct SettlePayments;

impl SettlePayments {
    /// The listener's name, its queue's and its function's.
    pub const NAME: &'static str = "settle-payments";
}
