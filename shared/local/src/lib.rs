//! The whole system on this machine: AWS endpoint, Lambda host, gateway, schedules, ad provider.

pub mod aws;
pub mod provider;
pub mod sqs;
