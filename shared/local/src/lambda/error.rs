//! What can go wrong between an event and its answer.

use std::io;
use std::time::Duration;

use serde::Deserialize;

/// The error object a function reports to the Runtime API.
///
/// `{"errorType": "sync::Failed", "errorMessage": "provider unreachable", "stackTrace": []}`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    #[serde(default = "unknown")]
    pub error_type: String,
    #[serde(default)]
    pub error_message: String,
}

impl FunctionError {
    /// Reads the body of an error report; one that cannot be read is reported as it is.
    pub(super) fn from_report(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            error_type: unknown(),
            error_message: String::from_utf8_lossy(body).into_owned(),
        })
    }
}

fn unknown() -> String {
    "Unknown".to_owned()
}

/// Why an invocation has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InvokeError {
    /// The template has no such function.
    #[error("there is no function {function}")]
    UnknownFunction { function: String },
    /// The event is larger than Lambda takes in a synchronous invocation.
    #[error("the event for {function} has {bytes} bytes")]
    PayloadTooLarge { function: String, bytes: usize },
    /// All environments were busy for as long as a caller waits.
    #[error("all environments of {function} are busy")]
    Throttled { function: String },
    /// No environment could be started; `reason` holds what the process last said.
    #[error("{function} does not start: {reason}")]
    InitFailed { function: String, reason: String },
    /// The function answered with an error; its process goes on.
    #[error("{function} failed")]
    FunctionError {
        function: String,
        #[source]
        source: FunctionError,
    },
    /// The function overran its time-out; its process was killed.
    #[error("{function} timed out after {} s", after.as_secs())]
    TimedOut { function: String, after: Duration },
    /// The process ended while it had the event.
    #[error("the process of {function} ended: {reason}")]
    Crashed { function: String, reason: String },
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopped,
}

/// Why the Lambda host could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The Runtime API has no port.
    #[error("cannot serve the Runtime API on the loopback address")]
    Listen(#[source] io::Error),
}
