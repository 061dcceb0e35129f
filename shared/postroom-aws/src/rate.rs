//! Rates on DynamoDB, in the inbox table: one number a provider, which grows by the slots that are taken.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use postroom::BoxFuture;
use postroom::port::{Rates, Slots, SlotsAsked, StoreError};

use crate::attributes::{Attributes, Reading, text};
use crate::aws::DynamoClients;
use crate::classify::{says_not_now, store_error};
use crate::keys::{KEY, TAKEN_UNTIL};

const OPERATION: &str = "take slots of a rate";
/// How often it is tried when others were faster between two calls.
const MAX_ROUNDS: u32 = 3;

/// Keeps rates in the inbox table.
#[derive(Debug, Clone)]
pub struct DynamoRates {
    clients: DynamoClients,
    table: String,
}

impl DynamoRates {
    /// The rates in a table.
    pub fn new(clients: DynamoClients, table: String) -> Self {
        Self { clients, table }
    }

    async fn slots(&self, asked: &SlotsAsked<'_>) -> Result<Slots, StoreError> {
        for _ in 0..MAX_ROUNDS {
            let taken_until = match self.take_next(asked).await? {
                Ok(slots) => return Ok(slots),
                Err(taken_until) => taken_until,
            };
            if let Some(at) = taken_until.filter(|until| *until > asked.latest()) {
                return Ok(Slots::Later { at });
            }
            if let Some(slots) = self.begin_anew(asked).await? {
                return Ok(slots);
            }
        }
        Ok(Slots::Busy)
    }

    /// Takes the slots behind those that are taken, where these are neither long ago nor too far ahead. Otherwise answers
    /// until when they are taken. Whoever else takes some at the same time gets others.
    async fn take_next(
        &self,
        asked: &SlotsAsked<'_>,
    ) -> Result<Result<Slots, Option<Timestamp>>, StoreError> {
        let more = asked.every * asked.count;
        let taken = self
            .update(asked)
            .update_expression("SET #taken_until = #taken_until + :more")
            .condition_expression("#taken_until >= :earliest AND #taken_until <= :latest")
            .expression_attribute_values(":more", AttributeValue::N(more.as_micros().to_string()))
            .expression_attribute_values(":earliest", microseconds(asked.earliest()))
            .expression_attribute_values(":latest", microseconds(asked.latest()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match taken {
            Ok(answer) => {
                let end = taken_until(answer.attributes.unwrap_or_default())?;
                let first = end.map(|end| end.saturating_sub(more).unwrap_or(Timestamp::MIN));
                return Ok(first.map(|first| Slots::Taken { first }).ok_or(None));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                taken_until(refused.item.clone().unwrap_or_default()).map(Err)
            }
            Some(refused) if is_busy(refused) => Ok(Ok(Slots::Busy)),
            _ => Err(store_error(OPERATION, error)),
        }
    }

    /// Takes the earliest slots there are, where nobody has taken any for a while. `None`: somebody just did.
    async fn begin_anew(&self, asked: &SlotsAsked<'_>) -> Result<Option<Slots>, StoreError> {
        let begun = self
            .update(asked)
            .update_expression("SET #taken_until = :end")
            .condition_expression("attribute_not_exists(#taken_until) OR #taken_until < :earliest")
            .expression_attribute_values(":end", microseconds(asked.end(asked.earliest())))
            .expression_attribute_values(":earliest", microseconds(asked.earliest()))
            .send()
            .await;
        let Err(error) = begun else {
            return Ok(Some(Slots::Taken { first: asked.earliest() }));
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
            Some(refused) if is_busy(refused) => Ok(Some(Slots::Busy)),
            _ => Err(store_error(OPERATION, error)),
        }
    }

    // Not repeated: whoever asks has a message waiting, and a repeat would take further slots.
    fn update(&self, asked: &SlotsAsked<'_>) -> UpdateItemFluentBuilder {
        self.clients
            .once
            .update_item()
            .table_name(&self.table)
            .key(KEY, text(key(asked.provider)))
            .expression_attribute_names("#taken_until", TAKEN_UNTIL)
    }
}

impl Rates for DynamoRates {
    fn take<'a>(&'a self, asked: &'a SlotsAsked<'a>) -> BoxFuture<'a, Result<Slots, StoreError>> {
        Box::pin(self.slots(asked))
    }
}

/// Whether the item is asked for more often than DynamoDB serves one.
fn is_busy(refused: &UpdateItemError) -> bool {
    refused.code().is_some_and(says_not_now)
}

/// The key of a provider's rate. No handler is called `rate`.
fn key(provider: &str) -> String {
    format!("rate#{provider}")
}

fn microseconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_microsecond().to_string())
}

fn taken_until(attributes: Attributes) -> Result<Option<Timestamp>, StoreError> {
    let mut item = Reading::of(attributes, OPERATION);
    let Some(microseconds) = item.optional_number(TAKEN_UNTIL)? else { return Ok(None) };
    let at = Timestamp::from_microsecond(microseconds);
    at.map(Some).map_err(|error| item.corrupt(TAKEN_UNTIL, &error))
}
