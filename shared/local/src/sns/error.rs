//! Why SNS refuses a request, and the names AWS gives those refusals on the wire.

use http::StatusCode;

/// Why SNS refused a request. Every variant is final for the request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnsError {
    /// No topic or subscription has that ARN.
    #[error("{kind} does not exist: {arn}")]
    NotFound { kind: &'static str, arn: String },
    /// A parameter is missing, or has a value that is not permitted.
    #[error("Invalid parameter: {parameter}: {reason}")]
    InvalidParameter { parameter: String, reason: String },
    /// Two entries of a batch have the same id.
    #[error("id {id} repeated in the batch")]
    BatchEntryIdsNotDistinct { id: String },
    /// The messages of a batch are larger together than one message may be.
    #[error("a batch has at most {limit} bytes, not {bytes}")]
    BatchRequestTooLong { bytes: usize, limit: usize },
    /// A batch without entries.
    #[error("there has to be at least one entry in the batch")]
    EmptyBatchRequest,
    /// An entry's id is empty, too long or has other than letters, digits, `-` and `_`.
    #[error("a batch entry id is 1 to 80 letters, digits, hyphens and underscores, not {id:?}")]
    InvalidBatchEntryId { id: String },
    /// More entries than a batch may have.
    #[error("a batch has at most {limit} entries, not {entries}")]
    TooManyEntriesInBatchRequest { entries: usize, limit: usize },
    /// The action is none that this server knows.
    #[error("the action {action} is not known here")]
    InvalidAction { action: String },
}

impl SnsError {
    pub(super) fn invalid(parameter: &str, reason: impl Into<String>) -> Self {
        Self::InvalidParameter { parameter: parameter.to_owned(), reason: reason.into() }
    }

    /// Status and code on the wire.
    // The AWS SDKs' service model of SNS, as in botocore 1.43.11; `InvalidAction` from memory of the query protocol's common
    // errors; 2026-11-22.
    pub(crate) fn wire(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "NotFound"),
            Self::InvalidParameter { .. } => (StatusCode::BAD_REQUEST, "InvalidParameter"),
            Self::BatchEntryIdsNotDistinct { .. } => {
                (StatusCode::BAD_REQUEST, "BatchEntryIdsNotDistinct")
            }
            Self::BatchRequestTooLong { .. } => (StatusCode::BAD_REQUEST, "BatchRequestTooLong"),
            Self::EmptyBatchRequest => (StatusCode::BAD_REQUEST, "EmptyBatchRequest"),
            Self::InvalidBatchEntryId { .. } => (StatusCode::BAD_REQUEST, "InvalidBatchEntryId"),
            Self::TooManyEntriesInBatchRequest { .. } => {
                (StatusCode::BAD_REQUEST, "TooManyEntriesInBatchRequest")
            }
            Self::InvalidAction { .. } => (StatusCode::BAD_REQUEST, "InvalidAction"),
        }
    }
}
