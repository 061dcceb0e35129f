//! Events of a queue as Lambda delivers them, made of the fixture.

use anyhow::Context as _;
use serde_json::{Value, json};
use tests::fixture;
use uuid::Uuid;

/// An event with so many records, each about a campaign of its own, in a chain of its own, and never seen before.
pub(crate) fn batch(records: usize) -> anyhow::Result<Vec<u8>> {
    let event = fixture("sqs/sync-statistics.json");
    let model = &event["Records"][0];
    let body = model["body"].as_str().context("the fixture's record has no body")?;
    let body: Value = serde_json::from_str(body)?;
    let records: Vec<_> = (0..records).map(|_| record(model.clone(), body.clone())).collect();
    Ok(serde_json::to_vec(&json!({"Records": records}))?)
}

fn record(mut record: Value, mut body: Value) -> Value {
    let fresh = || Uuid::now_v7().to_string();
    let campaign = fresh();
    body["id"] = json!(fresh());
    body["subject"] = json!(format!("campaigns/{campaign}"));
    body["data"]["campaign_id"] = json!(campaign);
    body["correlationid"] = json!(fresh());
    record["messageId"] = json!(fresh());
    record["body"] = json!(body.to_string());
    record
}
