//! Taking a lease: one conditional write that tells, when it is refused, what stands in the way.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use postroom::port::{Claim, Claimed, RunStatus, StoreError};
use postroom::sortable;

use crate::attributes::text;
use crate::classify::store_error;
use crate::inbox::DynamoInbox;
use crate::inbox::record::{Stored, enter, if_idle, item};
use crate::keys::{LEASE_UNTIL, OWNER, PRIOR_OWNER, STATUS};

const OPERATION: &str = "claim a run";
/// How often a claim is repeated when the record changed between two looks at it.
const MAX_ROUNDS: u32 = 3;

impl DynamoInbox {
    pub(super) async fn take_lease(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        for _ in 0..MAX_ROUNDS {
            let found = match self.try_claim(claim).await? {
                Ok(granted) => return Ok(granted),
                Err(found) => found,
            };
            if found.has_expired(claim.run.started_at) {
                if self.claim_expired(claim).await? {
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
        let change = if_idle(claim.run.started_at)
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

    /// Takes the lease of a record that has expired. `false`: somebody was faster.
    async fn claim_expired(&self, claim: &Claim) -> Result<bool, StoreError> {
        let mut fresh = item(&claim.run, RunStatus::Running);
        fresh.insert(OWNER.to_owned(), text(claim.owner.to_string()));
        fresh.insert(LEASE_UNTIL.to_owned(), text(sortable(claim.until)));
        let now = claim.run.started_at;
        self.replace_expired(&self.clients.retrying, fresh, now, OPERATION).await
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
