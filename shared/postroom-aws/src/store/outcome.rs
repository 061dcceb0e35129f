//! What a failed `TransactWriteItems` means: lost a race, refused, not now, or nobody knows.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use postroom::Transaction;
use postroom::port::{CommitError, StoreError};
use tracing::debug;

use crate::classify::{Failed, failed, says_not_now};

const OPERATION: &str = "commit";
const CONDITION_FAILED: &str = "ConditionalCheckFailed";
const CONFLICT: &str = "TransactionConflict";

type Error = SdkError<TransactWriteItemsError, HttpResponse>;

/// Tells what became of `tx`.
pub(super) fn of(error: Error, tx: &Transaction) -> CommitError {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let codes: Vec<&str> = cancelled.cancellation_reasons().iter().map(code).collect();
            debug!(failed = ?named(&codes, tx), "the transaction was cancelled");
            match cancellation(&codes) {
                Cancelled::Condition { record } => CommitError::Condition { record },
                Cancelled::NotNow => unavailable(error),
                Cancelled::Never => refused(error),
            }
        }
        // An earlier sending of the same transaction is still at work.
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => unknown(error),
        _ => match failed(&error) {
            Failed::NotNow => unavailable(error),
            Failed::Never => refused(error),
            Failed::Unknown => unknown(error),
        },
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Cancelled {
    Condition { record: bool },
    NotNow,
    Never,
}

/// Weighs the reasons of all actions, that of the inbox record last.
///
/// A conflict on the record counts as a lost race, not as a changed record: the other transaction may still fail, and
/// whoever took its word for done would lose a message.
fn cancellation(codes: &[&str]) -> Cancelled {
    let any = |wanted: &str| codes.contains(&wanted);
    if any(CONDITION_FAILED) {
        return Cancelled::Condition { record: codes.last() == Some(&CONDITION_FAILED) };
    }
    let passing = |code: &&str| matches!(*code, "" | "None" | CONFLICT) || says_not_now(code);
    if !codes.iter().all(passing) {
        return Cancelled::Never;
    }
    if any(CONFLICT) { Cancelled::Condition { record: false } } else { Cancelled::NotNow }
}

fn code(reason: &CancellationReason) -> &str {
    reason.code().unwrap_or_default()
}

/// The failed actions, each as the kind of thing it writes and its reason.
fn named<'a>(codes: &[&'a str], tx: &Transaction) -> Vec<(&'static str, &'a str)> {
    let kinds = [
        ("state", tx.items().len()),
        ("end of a stream", tx.ends().len()),
        ("journal", tx.events().len()),
        ("outbox", tx.outbox().len() + tx.cancelled().len()),
        ("dead letters", tx.letters().len()),
        ("runs", tx.runs().len()),
        ("its dead letter", usize::from(tx.parked().is_some())),
    ];
    let kinds = kinds.into_iter().flat_map(|(table, count)| std::iter::repeat_n(table, count));
    let reasons = kinds.chain(["inbox"]).zip(codes.iter().copied());
    reasons.filter(|(_, code)| !matches!(*code, "" | "None")).collect()
}

fn unavailable(error: Error) -> CommitError {
    let source = StoreError::Unavailable { operation: OPERATION, source: Box::new(error) };
    CommitError::Store { source }
}

fn refused(error: Error) -> CommitError {
    let source = StoreError::Refused { operation: OPERATION, source: Box::new(error) };
    CommitError::Store { source }
}

fn unknown(error: Error) -> CommitError {
    CommitError::Unknown { source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_condition_is_a_lost_race_and_says_whether_the_record_was_among_them() {
        let item = ["ConditionalCheckFailed", "None", "None"];
        let record = ["None", "None", "ConditionalCheckFailed"];
        let both = ["ConditionalCheckFailed", "None", "ConditionalCheckFailed"];

        assert_eq!(cancellation(&item), Cancelled::Condition { record: false });
        assert_eq!(cancellation(&record), Cancelled::Condition { record: true });
        assert_eq!(cancellation(&both), Cancelled::Condition { record: true });
    }

    #[test]
    fn a_conflict_is_a_lost_race_even_on_the_record() {
        let conflict = ["None", "TransactionConflict"];

        assert_eq!(cancellation(&conflict), Cancelled::Condition { record: false });
    }

    #[test]
    fn throttling_passes() {
        assert_eq!(cancellation(&["ThrottlingError", "None"]), Cancelled::NotNow);
        assert_eq!(cancellation(&["ProvisionedThroughputExceeded"]), Cancelled::NotNow);
    }

    #[test]
    fn what_is_malformed_never_passes() {
        assert_eq!(cancellation(&["None", "ValidationError"]), Cancelled::Never);
        assert_eq!(cancellation(&["ItemCollectionSizeLimitExceeded", "None"]), Cancelled::Never);
        assert_eq!(cancellation(&["TransactionConflict", "ValidationError"]), Cancelled::Never);
    }
}
