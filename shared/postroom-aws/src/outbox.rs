//! The outbox on DynamoDB.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use postroom::port::{Destination, Outbox, OutboxKey, OutboxRow, Page, StoreError};
use postroom::{BoxFuture, reason_of, sortable};
use tracing::warn;

use crate::attributes::{Attributes, Reading, text};
use crate::keys::{
    BODY, CORRELATION_ID, DECISION, DUE, DUE_AT, GROUP, HANDLER, MESSAGE_ID, SHARD, TYPE,
};
use crate::pages::{PAGE, page_of};
use crate::removal::remove_all;

const READ: &str = "read the outbox";

/// Reads and clears the outbox table.
#[derive(Debug, Clone)]
pub struct DynamoOutbox {
    client: Client,
    table: String,
}

impl DynamoOutbox {
    /// The outbox in a table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl Outbox for DynamoOutbox {
    fn due<'a>(
        &'a self,
        shard: u8,
        by: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<OutboxRow>, StoreError>> {
        let shard = text(shard.to_string());
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#shard = :shard AND #due < :end")
            .expression_attribute_names("#shard", SHARD)
            .expression_attribute_names("#due", DUE)
            .expression_attribute_values(":shard", shard.clone())
            // `$` follows `#`: behind every row that is due at that very moment.
            .expression_attribute_values(":end", text(format!("{}$", sortable(by))))
            .consistent_read(true)
            .limit(PAGE);
        if let Some(after) = after {
            query = query.exclusive_start_key(SHARD, shard).exclusive_start_key(DUE, text(after));
        }
        Box::pin(async move {
            let page = page_of(query, DUE, READ, |attributes| Ok(readable(attributes))).await?;
            Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
        })
    }

    fn remove<'a>(&'a self, rows: &'a [OutboxRow]) -> BoxFuture<'a, Result<(), StoreError>> {
        let keys = rows.iter().map(|row| key(&row.key())).collect();
        Box::pin(remove_all(&self.client, &self.table, keys, "remove rows from the outbox"))
    }
}

/// A row as it is kept.
pub(crate) fn item(row: &OutboxRow) -> Attributes {
    let mut attributes = key(&row.key());
    attributes.extend([
        (DUE_AT.to_owned(), text(sortable(row.due))),
        (MESSAGE_ID.to_owned(), text(row.message_id.to_string())),
        (TYPE.to_owned(), text(&row.r#type)),
        (CORRELATION_ID.to_owned(), text(row.correlation_id.as_str())),
        (BODY.to_owned(), text(&row.body)),
    ]);
    attributes.extend(row.to.handler().map(|handler| (HANDLER.to_owned(), text(handler))));
    attributes.extend(row.group.iter().map(|group| (GROUP.to_owned(), text(group))));
    if let Some(decision) = row.decision {
        attributes.insert(DECISION.to_owned(), text(decision.to_string()));
    }
    attributes
}

/// Which row.
pub(crate) fn key(key: &OutboxKey) -> Attributes {
    Attributes::from([
        (SHARD.to_owned(), text(key.shard.to_string())),
        (DUE.to_owned(), text(&key.position)),
    ])
}

/// A row, unless it cannot be read: a newer version wrote it, or somebody by hand. It must not hold up its shard.
fn readable(attributes: Attributes) -> Option<OutboxRow> {
    let key = |name| attributes.get(name).and_then(|value| value.as_s().ok()).cloned();
    let (shard, due) = (key(SHARD), key(DUE));
    match row(attributes) {
        Ok(row) => Some(row),
        Err(error) => {
            let reason = reason_of(&error);
            warn!(
                shard,
                due,
                reason,
                metric.unreadable = 1,
                "a row cannot be read; it stays in the outbox"
            );
            None
        }
    }
}

fn row(attributes: Attributes) -> Result<OutboxRow, StoreError> {
    let mut item = Reading::of(attributes, READ);
    let position = item.text(DUE)?;
    let row = OutboxRow {
        message_id: item.parsed(MESSAGE_ID)?,
        to: item.optional_text(HANDLER)?.map_or(Destination::Topic, Destination::Queue),
        due: item.parsed(DUE_AT)?,
        body: item.text(BODY)?,
        r#type: item.text(TYPE)?,
        correlation_id: item.parsed(CORRELATION_ID)?,
        group: item.optional_text(GROUP)?,
        decision: item.optional_parsed(DECISION)?,
    };
    // Under another key it could not be removed, and would be sent again every minute. Nor is a row that lost its handler
    // taken for one to the topic.
    if position != row.position() {
        return Err(item.corrupt(DUE, &"is not the key of what the row holds"));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is read, and the log lines of it.
    fn read(attributes: Attributes) -> (Option<OutboxRow>, String) {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let row = tracing::subscriber::with_default(subscriber, || readable(attributes));
        let lines = log.0.lock().unwrap().clone();
        (row, String::from_utf8(lines).unwrap())
    }

    fn kept() -> OutboxRow {
        OutboxRow {
            message_id: "7b0c0000-0000-5000-8000-00000000000b".parse().unwrap(),
            to: Destination::Queue("charge-card".to_owned()),
            due: "2026-11-21T09:30:00Z".parse().unwrap(),
            body: "{}".to_owned(),
            r#type: "order.placed".to_owned(),
            correlation_id: "req-1".parse().unwrap(),
            group: None,
            decision: None,
        }
    }

    fn is_left_alone(attributes: Attributes) {
        let due = attributes[DUE].as_s().unwrap().clone();

        let (row, log) = read(attributes);

        assert_eq!(row, None);
        let (warning, key) = (r#""level":"WARN""#, format!(r#""due":"{due}""#));
        assert!(log.contains(warning) && log.contains(&key), "{log}");
        assert!(log.contains(r#""shard":"3""#), "{log}");
    }

    #[test]
    fn a_row_is_read_as_it_was_kept() {
        for row in [kept(), OutboxRow { to: Destination::Topic, ..kept() }] {
            assert_eq!(read(item(&row)), (Some(row), String::new()));
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_and_left_alone() {
        let mut without_body = item(&kept());
        without_body.remove(BODY);
        let mut odd_time = item(&kept());
        odd_time.insert(DUE_AT.to_owned(), text("tomorrow"));

        let mut without_handler = item(&kept());
        without_handler.remove(HANDLER);

        is_left_alone(without_body);
        is_left_alone(without_handler);
        is_left_alone(odd_time);
    }

    #[test]
    fn a_row_that_could_not_be_removed_is_left_alone() {
        let mut moved = item(&kept());
        moved.insert(DUE.to_owned(), text("2026-11-21T09:30:00.000000Z#by-hand"));

        is_left_alone(moved);
    }
}
