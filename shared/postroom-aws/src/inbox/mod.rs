//! The inbox on DynamoDB: every move is one conditional write.

mod claim;
mod fail;
mod record;
mod release;
mod stand_in;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use jiff::Timestamp;
use postroom::port::{
    Claim, Claimed, FailedRun, Failures, Inbox, InboxRecord, LeaseError, Page, RunKey, StoreError,
};
use postroom::{BoxFuture, CorrelationId, MessageId, OwnerToken, TenantId, sortable};

use crate::attributes::{Attributes, text};
use crate::aws::DynamoClients;
use crate::change::Change;
use crate::classify::store_error;
use crate::inbox::record::{Stored, seconds};
use crate::keys::{EXPIRES_AT, KEY, LEASE_UNTIL};
use crate::pages::ChainQuery;

#[cfg(test)]
pub(crate) use record::item;
pub(crate) use record::{decision, end};

/// Reads and moves the records of the inbox table; completing is part of a transaction.
#[derive(Debug, Clone)]
pub struct DynamoInbox {
    clients: DynamoClients,
    table: String,
}

/// The key of a record.
pub(crate) fn key_of(key: &RunKey) -> Attributes {
    Attributes::from([(KEY.to_owned(), text(key.as_str()))])
}

impl DynamoInbox {
    /// The inbox in a table.
    pub fn new(clients: DynamoClients, table: String) -> Self {
        Self { clients, table }
    }

    /// The call that makes a change, if its condition holds.
    fn update(
        &self,
        client: &aws_sdk_dynamodb::Client,
        key: &RunKey,
        change: Change,
    ) -> UpdateItemFluentBuilder {
        client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_of(key)))
            .update_expression(change.expression())
            .set_condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
    }

    /// Puts a fresh record in the place of one that has expired. `false`: somebody was faster.
    async fn replace_expired(
        &self,
        client: &aws_sdk_dynamodb::Client,
        fresh: Attributes,
        now: Timestamp,
        operation: &'static str,
    ) -> Result<bool, StoreError> {
        let put = client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(fresh))
            .condition_expression("#expires_at <= :now")
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_values(":now", seconds(now));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(operation, error)),
            },
        }
    }

    async fn found(&self, key: &RunKey) -> Result<Option<Stored>, StoreError> {
        let get = self.clients.retrying.get_item().table_name(&self.table);
        let found = get.set_key(Some(key_of(key))).consistent_read(true).send().await;
        let found = found.map_err(|error| store_error("read the inbox", error))?;
        found.item.map(Stored::read).transpose()
    }
}

impl Inbox for DynamoInbox {
    fn find<'a>(
        &'a self,
        key: &'a RunKey,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<InboxRecord>, StoreError>> {
        Box::pin(async move {
            let found = self.found(key).await?.filter(|stored| !stored.has_expired(now));
            Ok(found.map(|stored| stored.record))
        })
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<Claimed, StoreError>> {
        Box::pin(self.take_lease(claim))
    }

    fn renew<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        let change = Change::if_held_by(owner).set(LEASE_UNTIL, text(sortable(until)));
        // Sent twice it does no harm.
        let update = self.update(&self.clients.retrying, key, change);
        Box::pin(async move {
            let renewed = update.send().await;
            renewed.map(drop).map_err(|error| lease_error("renew a lease", error))
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a RunKey,
        owner: OwnerToken,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(self.give_back(key, owner, at))
    }

    fn fail<'a>(&'a self, failed: &'a FailedRun) -> BoxFuture<'a, Result<Failures, LeaseError>> {
        Box::pin(self.count_failure(failed))
    }

    fn stand_in<'a>(
        &'a self,
        key: &'a RunKey,
        message: MessageId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.take_place(key, message))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<InboxRecord>, StoreError>> {
        let query = ChainQuery {
            client: &self.clients.retrying,
            table: &self.table,
            chain: correlation_id.key(tenant),
            after,
            operation: "read the runs of a chain",
        };
        Box::pin(query.page(|attributes| Stored::read(attributes).map(|stored| stored.record)))
    }
}

fn lease_error(
    operation: &'static str,
    error: SdkError<UpdateItemError, HttpResponse>,
) -> LeaseError {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => LeaseError::LeaseLost,
        _ => LeaseError::Store { source: store_error(operation, error) },
    }
}
