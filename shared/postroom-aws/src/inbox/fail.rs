//! Counting a failed attempt.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use postroom::port::{FailedRun, Failures, LeaseError, StoreError};
use postroom::sortable;

use crate::attributes::{number, text};
use crate::change::Change;
use crate::inbox::record::{Stored, enter, if_idle, item};
use crate::inbox::{DynamoInbox, lease_error};
use crate::keys::{
    ATTEMPTS, FINISHED_AT, FIRST_FAILED_AT, LEASE_UNTIL, OWNER, PRIOR_OWNER, REASON,
};

const OPERATION: &str = "record a failed attempt";

impl DynamoInbox {
    /// Sent once: repeated by the SDK it could count one failure twice. One that is not recorded is not counted.
    pub(super) async fn count_failure(&self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let change = match failed.owner {
            Some(owner) => Change::if_held_by(owner),
            None => if_idle(failed.at),
        };
        let updated = self
            .update(&self.clients.once, &failed.run.key, counting(change, failed))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match updated {
            Ok(answer) => {
                let stored = Stored::read(answer.attributes.unwrap_or_default());
                return stored.map(|stored| failures(&stored, failed)).map_err(store);
            }
            Err(error) => error,
        };
        if failed.owner.is_none()
            && let Some(UpdateItemError::ConditionalCheckFailedException(refused)) =
                error.as_service_error()
            && let Some(found) = refused.item.clone()
            && Stored::read(found).map_err(store)?.has_expired(failed.at)
        {
            return self.fail_expired(failed).await;
        }
        Err(lease_error(OPERATION, error))
    }

    /// Puts a fresh failure in the place of a record that has expired.
    async fn fail_expired(&self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let attempts = failed.outcome.counts();
        let mut fresh = item(&failed.run, failed.outcome.status());
        fresh.insert(ATTEMPTS.to_owned(), number(attempts));
        fresh.insert(FIRST_FAILED_AT.to_owned(), text(sortable(failed.at)));
        fresh.insert(FINISHED_AT.to_owned(), text(sortable(failed.at)));
        fresh.insert(REASON.to_owned(), text(&failed.reason));
        let replaced = self.replace_expired(&self.clients.once, fresh, failed.at, OPERATION).await;
        if replaced.map_err(store)? {
            Ok(Failures { attempts, first_at: failed.at })
        } else {
            Err(LeaseError::LeaseLost)
        }
    }
}

fn counting(change: Change, failed: &FailedRun) -> Change {
    enter(change, &failed.run, failed.outcome.status())
        .set_to(ATTEMPTS, "if_not_exists(#attempts, :none) + :more")
        .value(":none", number(0_u64))
        .value(":more", number(failed.outcome.counts()))
        .set(FINISHED_AT, text(sortable(failed.at)))
        .set_to(FIRST_FAILED_AT, "if_not_exists(first_failed_at, :finished_at)")
        .set(REASON, text(&failed.reason))
        .remove(OWNER)
        .remove(PRIOR_OWNER)
        .remove(LEASE_UNTIL)
}

fn failures(stored: &Stored, failed: &FailedRun) -> Failures {
    let Stored { record, .. } = stored;
    Failures { attempts: record.attempts, first_at: record.first_failed_at.unwrap_or(failed.at) }
}

fn store(source: StoreError) -> LeaseError {
    LeaseError::Store { source }
}
