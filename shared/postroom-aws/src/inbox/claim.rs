//! Taking a lease: one conditional write that tells, when it is refused, what stands in the way.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use postroom::port::{Claim, Claimed, RunStatus, StoreError};
use postroom::sortable;

use crate::attributes::text;
use crate::classify::store_error;
use crate::inbox::DynamoInbox;
use crate::inbox::change::Change;
use crate::inbox::record::{Stored, enter, item, seconds};
use crate::keys::{EXPIRES_AT, KEY, LEASE_UNTIL, OWNER, PRIOR_OWNER, STATUS};

const OPERATION: &str = "claim a run";
/// How often a claim is repeated when the record changed between two looks at it.
const MAX_ROUNDS: u32 = 3;

/// Free to take: never run, or failed, or its lease has run out. An expired record is replaced instead.
const FREE: &str = "attribute_not_exists(#key) OR (#expires_at > :now AND \
    (#status = :waiting OR (#status = :running AND #lease_until <= :at)))";

impl DynamoInbox {
    pub(super) async fn take_lease(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        for _ in 0..MAX_ROUNDS {
            let found = match self.try_claim(claim).await? {
                Ok(granted) => return Ok(granted),
                Err(found) => found,
            };
            if found.has_expired(claim.run.started_at) {
                if self.replace_expired(claim).await? {
                    return Ok(Claimed::Granted { attempts: 0, unknown: false });
                }
            } else if let Some(claimed) = in_the_way(found, claim) {
                return Ok(claimed);
            }
        }
        let source = format!("the record changed {MAX_ROUNDS} times").into();
        Err(StoreError::Unavailable { operation: OPERATION, source })
    }

    /// Takes the lease if the record is free, or answers what was found instead.
    async fn try_claim(&self, claim: &Claim) -> Result<Result<Claimed, Stored>, StoreError> {
        let change = Change::if_true(FREE)
            .name(KEY)
            .value(":now", seconds(claim.run.started_at))
            .value(":at", text(sortable(claim.run.started_at)))
            .value(":waiting", text("waiting"))
            .value(":running", text("running"))
            // Evaluated on the record as it was: whoever held a lease that is taken over.
            .set_to(PRIOR_OWNER, "if_not_exists(#owner, :nobody)")
            .value(":nobody", text(""))
            .set(OWNER, text(claim.owner.to_string()))
            .set(LEASE_UNTIL, text(sortable(claim.until)));
        let updated = self
            .update(
                &self.clients.retrying,
                &claim.run.key,
                enter(change, &claim.run, RunStatus::Running),
            )
            // As it was: of a new message, which is nearly every one, there is nothing to send and to read.
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match updated {
            Ok(answer) => {
                // The embedded DynamoDB answers at least the key, even of what was not there.
                let before = answer.attributes.filter(|item| item.contains_key(STATUS));
                let before = before.map(Stored::read).transpose()?;
                Ok(Ok(taken_over(before.as_ref())))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Stored::read(failed.item.clone().unwrap_or_default()).map(Err)
                }
                _ => Err(store_error(OPERATION, error)),
            },
        }
    }

    /// Puts a fresh record in the place of one that has expired. `false`: somebody was faster.
    async fn replace_expired(&self, claim: &Claim) -> Result<bool, StoreError> {
        let mut fresh = item(&claim.run, RunStatus::Running);
        fresh.insert(OWNER.to_owned(), text(claim.owner.to_string()));
        fresh.insert(LEASE_UNTIL.to_owned(), text(sortable(claim.until)));
        let put = self
            .clients
            .retrying
            .put_item()
            .table_name(&self.table)
            .set_item(Some(fresh))
            .condition_expression("#expires_at <= :now")
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":now", seconds(claim.run.started_at));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(OPERATION, error)),
            },
        }
    }
}

/// A lease that this call took, by the record as it was before.
fn taken_over(before: Option<&Stored>) -> Claimed {
    Claimed::Granted {
        attempts: before.map_or(0, |before| before.record.attempts),
        unknown: before.is_some_and(|before| before.owner.is_some()),
    }
}

/// A lease that an earlier sending of this call took, by the record as that left it.
fn granted(stored: &Stored) -> Claimed {
    Claimed::Granted { attempts: stored.record.attempts, unknown: stored.prior_owner.is_some() }
}

/// What a record that could not be taken means; `None`: it could be taken by now.
fn in_the_way(found: Stored, claim: &Claim) -> Option<Claimed> {
    match found.record.status {
        RunStatus::Done => Some(Claimed::Done),
        RunStatus::Parked => {
            Some(Claimed::Parked { reason: found.record.reason.unwrap_or_default() })
        }
        // The claim had been written before its answer was lost and it was sent again.
        RunStatus::Running if found.owner == Some(claim.owner.to_string()) => Some(granted(&found)),
        RunStatus::Running => {
            Some(Claimed::InFlight { until: found.record.lease_until.unwrap_or(claim.until) })
        }
        RunStatus::Waiting => None,
    }
}
