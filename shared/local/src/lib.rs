//! The whole system on this machine: AWS endpoint, Lambda host, gateway, schedules, ad provider.

pub mod template;
pub mod binaries;
pub mod lambda;
pub mod sqs;
pub mod ses;
pub mod sns;
pub mod secrets;
pub mod s3;
pub mod aws;
pub mod provider;
mod chains;
pub mod filter;
mod faults;
pub mod gateway;
pub mod schedules;
pub mod system;
pub mod demo;
mod mapping;
mod process_group;
mod server;
