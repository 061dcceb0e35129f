//! How often the functions call AWS, counted by the local system's endpoint.

use std::time::Duration;

use serde_json::{Value, json};
use tests::World;
use tokio::time::sleep;

use crate::report::{Column, Row, Table};

const COLUMNS: &[Column] = &[Column { key: "calls", label: "calls", decimals: 0 }];
/// A little longer than the relay leaves a row to its own sender.
const GRACE: Duration = Duration::from_secs(6);
/// How often one hand-over calls SQS before it is given up.
const SENDS: u64 = 3;

/// Publishes a campaign, and one whose message the relay has to send, over the real functions.
///
/// # Errors
/// The runtime cannot be made.
///
/// # Panics
/// The system does not do what its acceptance tests say.
pub fn count() -> anyhow::Result<Table> {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = executor.block_on(async {
        let world = World::start().await;
        let mut rows = published(&world).await;
        rows.extend(relayed(&world).await);
        world.stop().await;
        rows
    });
    Ok(Table { figure: "calls", title: "calls to AWS, counted".to_owned(), columns: COLUMNS, rows })
}

async fn published(world: &World) -> Vec<Row> {
    let id = world.draft().await;
    world.aws_calls().await;
    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    // Not asked for over HTTP: that would be calls, too.
    world.drained("sync-statistics").await;
    let calls = world.aws_calls().await;
    let mut publish = rows("api", "api: publish", &calls);
    publish.extend(rows("sync-statistics", "sync-statistics: 1 record", &calls));
    publish
}

/// The queue refuses what the API sends; the relay finds one row and sends it.
async fn relayed(world: &World) -> Vec<Row> {
    world
        .aws_fault(json!({"service": "sqs", "action": "SendMessageBatch", "function": "api",
            "times": SENDS, "status": 503}))
        .await;
    world.published().await;
    sleep(GRACE).await;
    world.aws_calls().await;
    world.relayed().await;
    let calls = world.aws_calls().await;
    rows("relay-outbox", "relay-outbox: 1 row due", &calls)
}

fn rows(function: &str, subject: &str, calls: &Value) -> Vec<Row> {
    let calls = calls[function].as_object().into_iter().flatten();
    let row = |(operation, count): (&String, &Value)| Row {
        subject: format!("{subject}, {operation}"),
        values: vec![count.as_f64()],
        budgets: Vec::new(),
    };
    calls.map(row).collect()
}
