//! What a failed call means: whether it may pass, and, for a commit, whether anything can have been written.

use std::error::Error;
use std::fmt::Debug;
use std::io;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use postroom::port::StoreError;

/// Codes by which DynamoDB and SQS say: not now. Nothing was done.
// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>, named from memory 2026-11-21.
const NOT_NOW: [&str; 9] = [
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    // Of a single item: a transaction is at work on it. What a transaction is told of another's is `TransactionConflict`.
    "TransactionConflictException",
];

/// Whether a code says: not now.
pub(crate) fn says_not_now(code: &str) -> bool {
    NOT_NOW.contains(&code)
}

/// How a call failed, as far as its caller has to care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The service certainly did nothing; later it may.
    NotNow,
    /// The service certainly did nothing, and will not do it later either.
    Never,
    /// Nobody knows what the service did.
    Unknown,
}

/// Tells how a call failed.
pub(crate) fn failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failed
where
    SdkError<E, HttpResponse>: Error + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => Failed::Never,
        SdkError::DispatchFailure(_) if was_refused(error) => Failed::NotNow,
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if says_not_now(code) => Failed::NotNow,
            _ if service.raw().status().as_u16() >= 500 => Failed::Unknown,
            _ => Failed::Never,
        },
        // Time-outs, connections that broke, answers that cannot be read, and whatever the SDK adds.
        _ => Failed::Unknown,
    }
}

/// Whether nobody listened: the one failure of a connection after which certainly nothing was sent.
fn was_refused(error: &(dyn Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut kinds =
        causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.any(|kind| kind == io::ErrorKind::ConnectionRefused)
}

/// The error of an operation that may be repeated, whatever it did.
pub(crate) fn store_error<E>(
    operation: &'static str,
    error: SdkError<E, HttpResponse>,
) -> StoreError
where
    E: ProvideErrorMetadata + Error + Debug + Send + Sync + 'static,
{
    let failed = failed(&error);
    let source = Box::new(error);
    match failed {
        Failed::Never => StoreError::Refused { operation, source },
        Failed::NotNow | Failed::Unknown => StoreError::Unavailable { operation, source },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

    use super::*;

    fn answered(status: u16, code: &str) -> Failed {
        let error = UpdateItemError::generic(ErrorMetadata::builder().code(code).build());
        let answer = HttpResponse::new(status.try_into().unwrap(), "".into());
        failed(&SdkError::service_error(error, answer))
    }

    #[test]
    fn an_answer_says_whether_it_passes_and_whether_anything_was_done() {
        assert_eq!(answered(400, "ThrottlingException"), Failed::NotNow);
        assert_eq!(answered(400, "TransactionConflictException"), Failed::NotNow);
        assert_eq!(answered(503, "ThrottlingException"), Failed::NotNow);
        assert_eq!(answered(500, "InternalServerError"), Failed::Unknown);
        assert_eq!(answered(400, "ValidationException"), Failed::Never);
        assert_eq!(answered(400, "AccessDeniedException"), Failed::Never);
    }
}
