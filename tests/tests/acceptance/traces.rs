//! One trace, from the request to the last reaction, in events and in lines.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{World, WorldOptions};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_continued_through_http_outbox_and_queues() {
    let world = World::start().await;
    let id = world.draft().await;

    let publish = world.request(Method::POST, &format!("/campaigns/{id}/publish"));
    world.send(publish.header("traceparent", TRACE)).await.expect(200);
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;

    // Of the request itself, and of what a job in another process recorded after a queue.
    for r#type in ["campaign.published", "statistics.synced"] {
        let journal = world.table("journal").await;
        let mut of_type = journal.iter().map(Value::to_string).filter(|item| item.contains(r#type));
        let event = of_type.next().unwrap_or_else(|| panic!("no {type} in the journal"));
        assert!(event.contains(TRACE), "{event}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_invocation_writes_its_metrics_once_and_as_they_are() {
    let world = World::start().await;
    let id = world.draft().await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;

    let is_metrics = |line: &Value| !line["_aws"].is_null();
    let of_worker =
        world.wrote("sync-statistics", |line| is_metrics(line) && line["processed"] == 1).await;
    assert_eq!(of_worker["FunctionName"], "local-sync-statistics");
    assert_eq!(of_worker["cold_start"], 1);
    let of_api = world.wrote("api", |line| is_metrics(line) && line["published"] == 2).await;
    let written = world.system().output();
    let request_id = of_api["request_id"].as_str().unwrap();
    let twice = written.iter().filter(|line| line.contains("_aws") && line.contains(request_id));
    assert_eq!(twice.count(), 1);
    world.stop().await;
}

/// What every line about a message says.
const OF_A_MESSAGE: [&str; 6] =
    ["causation_id", "correlation_id", "event.type", "handler", "message_id", "tenant_id"];

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_worker_has_its_chain() {
    // While two invocations are at the first messages, the others wait for each other.
    let template = vec![("MaximumConcurrency: 10", "MaximumConcurrency: 2")];
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(world.draft().await);
    }
    // The relay sends them all at once, so that they are worked on side by side.
    let refused = json!({"service": "sqs", "action": "SendMessageBatch", "function": "api",
        "times": 100, "status": 403});
    world.aws_fault(refused).await;
    // One fails for good and one for now; all take a while.
    for (id, status, times) in [(&ids[0], 404, 100), (&ids[1], 503, 2)] {
        let fault = json!({"campaign_id": id, "status": status, "times": times, "delay_ms": 800});
        world.provider_fault(fault).await;
    }
    world.provider_fault(json!({"campaign_id": "*", "times": 100, "delay_ms": 800})).await;

    for (number, id) in ids.iter().enumerate() {
        let publish = world.request(Method::POST, &format!("/campaigns/{id}/publish"));
        let chain = format!("chain-{number}");
        world.send(publish.header("x-correlation-id", chain)).await.expect(200);
    }
    world.relayed().await;
    for queue in ["sync-statistics", "sync-campaign.fifo"] {
        world.drained(queue).await;
    }

    let events = published(&world).await;
    assert_eq!(events.len(), ids.len());
    for worker in ["sync-statistics", "sync-campaign"] {
        let lines = lines_of(&world, worker);
        let (mut told, mut failed) = (BTreeSet::new(), BTreeSet::new());
        let mut together: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in &lines {
            assert!(OF_A_MESSAGE.iter().all(|field| line[*field].is_string()), "{line}");
            let event = line["event.id"].as_str().unwrap_or_default();
            let (chain, cause) = &events[event];
            assert_eq!((&line["correlation_id"], &line["causation_id"]), (chain, cause), "{line}");
            assert_eq!((&line["handler"], &line["tenant_id"]), (&json!(worker), &json!("demo")));
            let chain = chain.to_string();
            let invocation = together.entry(line["request_id"].to_string()).or_default();
            invocation.insert(chain.clone());
            if line["level"] == "WARN" {
                failed.insert(chain.clone());
            }
            told.insert(chain);
        }
        assert_eq!(told.len(), ids.len(), "somebody said nothing: {told:?}");
        assert_eq!(failed.len(), 2, "{failed:?}");
        assert!(together.values().any(|chains| chains.len() > 2), "alone: {together:?}");
    }
    world.stop().await;
}

/// Of each campaign's publishing the event's id, and its chain and cause.
async fn published(world: &World) -> BTreeMap<String, (Value, Value)> {
    let journal = world.table("journal").await;
    let events = journal.iter().map(|item| item["envelope"]["S"].as_str().unwrap());
    let events = events.map(|envelope| serde_json::from_str::<Value>(envelope).unwrap());
    events
        .filter(|event| event["type"] == "campaign.published")
        .map(|event| {
            let of = |name: &str| event[name].clone();
            (event["id"].as_str().unwrap().to_owned(), (of("correlationid"), of("causationid")))
        })
        .collect()
}

/// What a function has said in its invocations, but for their metrics.
fn lines_of(world: &World, function: &str) -> Vec<Value> {
    let prefix = format!("[{function}] ");
    let output = world.system().output();
    let lines = output.iter().filter_map(|line| line.strip_prefix(&prefix));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["_aws"].is_null() && !line["request_id"].is_null()).collect()
}
