//! Why SES refuses a request, and the names AWS gives those refusals on the wire.

use http::StatusCode;

/// Why SES refused a request. Every variant is final for the request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SesError {
    /// The request is not what its action takes.
    #[error("{reason}")]
    BadRequest { reason: String },
    /// There is no such thing.
    #[error("{what} does not exist")]
    NotFound { what: String },
    /// The mail is none that is sent here.
    #[error("{reason}")]
    MessageRejected { reason: String },
    /// The action is none that this server knows.
    #[error("{method} {path} is not known here")]
    UnknownOperation { method: String, path: String },
}

impl SesError {
    /// Status and name on the wire.
    // The AWS SDKs' service model of SES v2, as in botocore 1.43.11, read 2026-11-22.
    pub(crate) fn wire(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest { .. } => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "NotFoundException"),
            Self::MessageRejected { .. } => (StatusCode::BAD_REQUEST, "MessageRejected"),
            Self::UnknownOperation { .. } => (StatusCode::NOT_FOUND, "UnknownOperationException"),
        }
    }
}
