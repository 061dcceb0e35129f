//! One trace, from the request to the last reaction.

use serde_json::Value;
use tests::World;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_continued_through_http_outbox_and_queues() {
    let world = World::start().await;
    let id = world.draft().await;

    let publish = world.request(reqwest::Method::POST, &format!("/campaigns/{id}/publish"));
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
