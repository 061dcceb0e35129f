//! The journal on DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use postroom::port::{InRequest, Journal, JournalPart, JournalRecord, Page, StoreError};
use postroom::{BoxFuture, CorrelationId, RawEnvelope, StreamId, TenantId};
use serde_json::json;

use crate::attributes::{Attributes, Reading, number, text};
use crate::classify::store_error;
use crate::keys::{
    BY, CHAIN, ENVELOPE, HANDLER, IN_REQUEST, QUEUED, SKIPPED, STREAM, TIME, VERSION, WRITES,
};
use crate::pages::{ChainQuery, PAGE, page_of};

const READ_ALL: &str = "read all of the journal";

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

    /// A position is a stream and a version, as JSON. The items of one partition key are stored together, sorted; that a
    /// scan reads them so is not promised.
    // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html>, named from memory
    // 2026-11-22.
    fn all<'a>(
        &'a self,
        part: JournalPart,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        Box::pin(async move {
            let mut scan = self
                .client
                .scan()
                .table_name(&self.table)
                .total_segments(i32::from(part.of))
                .segment(i32::from(part.number))
                .consistent_read(true)
                .limit(PAGE);
            if let Some(after) = after {
                let (stream, version) = key_at(after)?;
                scan = scan
                    .exclusive_start_key(STREAM, text(stream))
                    .exclusive_start_key(VERSION, number(version));
            }
            let found = scan.send().await.map_err(|error| store_error(READ_ALL, error))?;
            let next = found.last_evaluated_key.map(position).transpose()?;
            let items = found.items.unwrap_or_default().into_iter().map(record);
            Ok(Page { items: items.collect::<Result<_, _>>()?, next })
        })
    }
}

fn position(attributes: Attributes) -> Result<String, StoreError> {
    let mut key = Reading::of(attributes, READ_ALL);
    let version = key.optional_number(VERSION)?.unwrap_or(0);
    Ok(json!([key.text(STREAM)?, version]).to_string())
}

fn key_at(position: &str) -> Result<(String, u64), StoreError> {
    serde_json::from_str(position)
        .map_err(|error| StoreError::Refused { operation: READ_ALL, source: Box::new(error) })
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
