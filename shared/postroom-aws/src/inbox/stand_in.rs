//! Beginning a parked run anew for the message that was sent in the place of its own.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use postroom::MessageId;
use postroom::port::{RunKey, StoreError};

use crate::attributes::text;
use crate::change::Change;
use crate::classify::store_error;
use crate::inbox::DynamoInbox;
use crate::inbox::record::begin_anew;
use crate::keys::{INSTEAD, STATUS};

impl DynamoInbox {
    /// Sent once: repeated by the SDK after an answer that was lost, it would find the run waiting and answer `false`,
    /// and the message would be taken for parked.
    pub(super) async fn take_place(
        &self,
        key: &RunKey,
        message: MessageId,
    ) -> Result<bool, StoreError> {
        let parked = Change::if_true("#status = :parked AND #instead = :message")
            .name(STATUS)
            .name(INSTEAD)
            .value(":parked", text("parked"))
            .value(":message", text(message.to_string()));
        match self.update(&self.clients.once, key, begin_anew(parked)).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error("begin a run anew", error)),
            },
        }
    }
}
