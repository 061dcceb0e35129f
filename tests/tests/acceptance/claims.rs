//! A message that is too large to travel, over HTTP, S3, SQS and DynamoDB: from an operator's request to its worker.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::World;

use crate::operator::{postroom, with_two_letters};

/// More than a message or an item may have.
const LARGE: usize = 500 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_half_a_megabyte_reaches_its_worker_by_way_of_the_bucket() {
    let world = World::start().await;
    let campaign = with_two_letters(&world).await;
    let letters = world.get("/ops/dead-letters?handler=sync-statistics").await.expect(200);
    let id = letters.items()[0]["id"].as_str().unwrap().replace('#', "~");
    let letter = world.get(&format!("/ops/dead-letters/{id}")).await.expect(200);
    let mut message: Value = serde_json::from_str(&letter.text("/body")).unwrap();
    message["data"]["note"] = json!("x".repeat(LARGE));
    let edit = async |message: &Value| {
        let edit = world.request(Method::POST, &format!("/ops/dead-letters/{id}/edit"));
        world.send(edit.json(&json!({ "message": message }))).await
    };

    // It fails once more: its letter is what was received.
    world.provider_fault(json!({"campaign_id": campaign, "status": 404, "times": 1})).await;
    world.aws_calls().await;
    edit(&message).await.expect(200);
    world.drained("sync-statistics").await;
    let calls = world.aws_calls().await;
    assert_eq!(calls["api"]["s3.PutObject"], 1, "{calls:#}");
    assert_eq!(calls["sync-statistics"]["s3.GetObject"], 1, "{calls:#}");

    let letters = world.get("/ops/dead-letters?handler=sync-statistics").await.expect(200);
    let again = letters.items()[0]["id"].as_str().unwrap().to_owned();
    let shown = postroom(&world, &["dead-letters", "show", &again]).await;
    assert!(shown.out.contains("did not travel along: "), "{}", shown.out);
    assert!(shown.out.contains(" s3://local-objects-"), "{}", shown.out);
    assert!(shown.out.len() < 5_000, "{}", shown.out);

    let redrive = format!("/ops/dead-letters/{}/redrive", again.replace('#', "~"));
    world.send(world.request(Method::POST, &redrive).json(&json!({}))).await.expect(200);
    world.eventually(&format!("/campaigns/{campaign}/statistics"), 200).await;
    world.settled(Duration::from_mins(1)).await;
    let calls = world.aws_calls().await;
    assert_eq!(calls["api"]["s3.PutObject"], Value::Null, "it is there: {calls:#}");
    assert_eq!(calls["sync-statistics"]["s3.GetObject"], 1, "{calls:#}");
    world.stop().await;
}
