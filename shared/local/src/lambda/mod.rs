//! A Lambda service for real function binaries: warm processes behind the Runtime API.
//!
//! Each function has a pool of environments, as on AWS: one process, one event at a time. An
//! invocation takes the environment that was used last, or starts another up to the function's
//! bound. A process that dies or overruns its time-out is not used again; the next invocation
//! starts a new one.

mod environment;
mod error;
mod host;
mod log;
mod pool;
mod process;
mod registry;
mod runtime_api;
#[cfg(test)]
mod tests;

pub use error::{FunctionError, HostError, InvokeError};
pub(crate) use host::Invoke;
pub(crate) use host::PAYLOAD_BYTES;
pub use host::{Host, Response};
pub use log::Log;
pub use process::{Launch, Processes};
