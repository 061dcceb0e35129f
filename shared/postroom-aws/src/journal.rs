//! The journal on DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{InRequest, Journal, JournalRecord, Page, StoreError};
use postroom::{BoxFuture, CorrelationId, RawEnvelope, StreamId, TenantId};

use crate::attributes::{Attributes, Reading, number, text};
use crate::keys::{
    BY, CHAIN, ENVELOPE, HANDLER, IN_REQUEST, QUEUED, SKIPPED, STREAM, TIME, VERSION, WRITES,
};
use crate::pages::{ChainQuery, PAGE, page_of};

/// Reads the journal table.
#[derive(Debug, Clone)]
pub struct DynamoJournal {
    client: Client,
    table: String,
}

impl DynamoJournal {
    /// The journal in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl Journal for DynamoJournal {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#stream = :stream AND #version > :after")
            .expression_attribute_names("#stream", STREAM)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":stream", text(stream.key(tenant)))
            .expression_attribute_values(":after", number(after))
            .consistent_read(true)
            .limit(PAGE);
        Box::pin(page_of(query, VERSION, "read a stream", record))
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let query = ChainQuery {
            client: &self.client,
            table: &self.table,
            chain: correlation_id.key(tenant),
            after,
            operation: "read the events of a chain",
        };
        Box::pin(query.page(record))
    }
}

/// An event as it is kept.
pub(crate) fn item(record: &JournalRecord) -> Attributes {
    let envelope = &record.envelope;
    let in_request = record.in_request.iter().map(in_request).collect();
    let queued = record.queued.iter().map(text).collect();
    Attributes::from([
        (STREAM.to_owned(), text(record.stream_key())),
        (VERSION.to_owned(), number(record.version())),
        (ENVELOPE.to_owned(), text(envelope.to_body())),
        (BY.to_owned(), text(&record.by)),
        (IN_REQUEST.to_owned(), AttributeValue::L(in_request)),
        (QUEUED.to_owned(), AttributeValue::L(queued)),
        (CHAIN.to_owned(), text(envelope.correlation_id.key(&envelope.tenant_id))),
        (TIME.to_owned(), text(record.position())),
    ])
}

fn in_request(reaction: &InRequest) -> AttributeValue {
    let mut attributes = Attributes::from([
        (HANDLER.to_owned(), text(&reaction.handler)),
        (WRITES.to_owned(), number(reaction.writes)),
    ]);
    if let Some(reason) = &reaction.skipped {
        attributes.insert(SKIPPED.to_owned(), text(reason));
    }
    AttributeValue::M(attributes)
}

fn record(attributes: Attributes) -> Result<JournalRecord, StoreError> {
    let mut item = Reading::of(attributes, "read the journal");
    let body = item.text(ENVELOPE)?;
    Ok(JournalRecord {
        envelope: RawEnvelope::parse(&body).map_err(|error| item.corrupt(ENVELOPE, &error))?,
        by: item.text(BY)?,
        in_request: item.nested(IN_REQUEST)?,
        queued: item.nested(QUEUED)?,
    })
}
