//! What the kit and its functions cost, measured beside programs written without it, in one run on one machine.
//!
//! Calls are counted; time, CPU and memory are measured and compared, never asserted. Everything is shown as a ratio
//! first: the ratio of two programs on one machine outlives the machine.
#![cfg(target_os = "linux")]

mod http;
mod report;
mod spread;
mod program;
mod runtime_api;
mod process;
mod stub;
mod messages;

pub mod batch;
pub mod calls;
pub mod cold_start;
pub mod dispatch;
pub mod imports;
pub mod machine;
pub mod rebuild;

pub use imports::Imports;
pub use program::Programs;
pub use report::{Budget, Column, Report, Row, Table};
