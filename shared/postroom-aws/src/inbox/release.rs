//! Giving back a lease under which nothing was tried.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::Timestamp;
use postroom::port::{LeaseError, RunKey};
use postroom::{OwnerToken, sortable};

use crate::attributes::text;
use crate::change::Change;
use crate::inbox::record::Stored;
use crate::inbox::{DynamoInbox, lease_error};
use crate::keys::{LEASE_UNTIL, OWNER, PRIOR_OWNER, STATUS};

const OPERATION: &str = "give a lease back";
/// In the place of an owner who gave back what it had taken over: nobody's token, and somebody all the same, so that
/// whoever takes it next knows that the outcome is unknown.
const RELEASED: &str = "released";

impl DynamoInbox {
    pub(super) async fn give_back(
        &self,
        key: &RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> Result<(), LeaseError> {
        let free = Change::if_held_by(owner)
            .and("(attribute_not_exists(prior_owner) OR prior_owner = :nobody)")
            .value(":nobody", text(""))
            .set(STATUS, text("waiting"))
            .remove(OWNER)
            .remove(PRIOR_OWNER)
            .remove(LEASE_UNTIL);
        let released = self
            .update(&self.clients.retrying, key, free)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = released else { return Ok(()) };
        if let Some(UpdateItemError::ConditionalCheckFailedException(refused)) =
            error.as_service_error()
            && let Some(found) = refused.item.clone()
            && Stored::read(found)
                .is_ok_and(|found| found.owner.as_deref() == Some(&owner.to_string()))
        {
            return self.let_lapse(key, owner, at).await;
        }
        Err(lease_error(OPERATION, error))
    }

    /// Ends a lease that was taken over, as if it had run out.
    async fn let_lapse(
        &self,
        key: &RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> Result<(), LeaseError> {
        let lapsed = Change::if_held_by(owner)
            .set(OWNER, text(RELEASED))
            .set(LEASE_UNTIL, text(sortable(at)));
        let lapsed = self.update(&self.clients.retrying, key, lapsed).send().await;
        lapsed.map(drop).map_err(|error| lease_error(OPERATION, error))
    }
}
