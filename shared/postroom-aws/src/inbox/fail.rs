//! Counting a failed attempt.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use postroom::port::{FailedRun, Failures, LeaseError, StoreError};
use postroom::sortable;

use crate::attributes::{number, text};
use crate::classify::store_error;
use crate::inbox::change::Change;
use crate::inbox::record::{Stored, enter, item, seconds};
use crate::inbox::{DynamoInbox, lease_error};
use crate::keys::{
    ATTEMPTS, EXPIRES_AT, FINISHED_AT, FIRST_FAILED_AT, KEY, LEASE_UNTIL, OWNER, PRIOR_OWNER,
    REASON,
};

const OPERATION: &str = "record a failed attempt";

/// Nobody is at it: never run, or failed before, or its lease has run out. An expired record is replaced instead.
const IDLE: &str = "attribute_not_exists(#key) OR (#expires_at > :now AND \
    (#status = :waiting OR (#status = :running AND #lease_until <= :at)))";

impl DynamoInbox {
    /// Sent once: repeated by the SDK it could count one failure twice. One that is not recorded is not counted.
    pub(super) async fn count_failure(&self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let change = match failed.owner {
            Some(owner) => Change::if_held_by(owner),
            None => Change::if_true(IDLE)
                .name(KEY)
                .value(":now", seconds(failed.at))
                .value(":at", text(sortable(failed.at)))
                .value(":waiting", text("waiting"))
                .value(":running", text("running")),
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
            return self.replace_failed(failed).await;
        }
        Err(lease_error(OPERATION, error))
    }

    /// Puts a fresh failure in the place of a record that has expired.
    async fn replace_failed(&self, failed: &FailedRun) -> Result<Failures, LeaseError> {
        let attempts = failed.outcome.counts();
        let mut fresh = item(&failed.run, failed.outcome.status());
        fresh.insert(ATTEMPTS.to_owned(), number(attempts));
        fresh.insert(FIRST_FAILED_AT.to_owned(), text(sortable(failed.at)));
        fresh.insert(FINISHED_AT.to_owned(), text(sortable(failed.at)));
        fresh.insert(REASON.to_owned(), text(&failed.reason));
        let put = self
            .clients
            .once
            .put_item()
            .table_name(&self.table)
            .set_item(Some(fresh))
            .condition_expression("#expires_at <= :now")
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":now", seconds(failed.at));
        match put.send().await {
            Ok(_) => Ok(Failures { attempts, first_at: failed.at }),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    Err(LeaseError::LeaseLost)
                }
                _ => Err(store(store_error(OPERATION, error))),
            },
        }
    }
}

fn counting(change: Change, failed: &FailedRun) -> Change {
    enter(change, &failed.run, failed.outcome.status())
        .set_to(ATTEMPTS, "if_not_exists(#attempts, :none) + :more")
        .value(":none", number(0_u64))
        .value(":more", number(failed.outcome.counts()))
        .set(FINISHED_AT, text(sortable(failed.at)))
        .set_to(FIRST_FAILED_AT, "if_not_exists(#first_failed_at, :finished_at)")
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
