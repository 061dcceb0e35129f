//! What a command and a job cost, in calls.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{OWNER, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_costs_its_reads_and_one_transaction_and_a_job_its_reads_and_two_writes() {
    let world = World::start().await;
    let id = world.draft().await;
    world.aws_calls().await;

    world.post(&format!("/campaigns/{id}/publish")).await.expect(200);
    let path = format!("/campaigns/{id}/statistics");
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;
    let calls = world.aws_calls().await;
    world.eventually(&path, 200).await;

    // Reads: the campaign, and the counter of live campaigns. Then the hand-over: a send for each queue, one removal.
    assert_eq!(
        calls["api"],
        json!({"dynamodb.GetItem": 2, "dynamodb.TransactWriteItems": 1,
            "sqs.SendMessageBatch": 2, "dynamodb.BatchWriteItem": 1})
    );
    // Reads: the campaign, and what was synced before; and the provider's breaker, once in ten seconds. Then claim, and record with completion.
    assert_eq!(
        calls["sync-statistics"],
        json!({"dynamodb.UpdateItem": 1, "dynamodb.GetItem": 3, "dynamodb.TransactWriteItems": 1})
    );
    // Read: the campaign, and the breaker. Then claim, and completion: it has nothing to record.
    assert_eq!(
        calls["sync-campaign"],
        json!({"dynamodb.UpdateItem": 1, "dynamodb.GetItem": 2, "dynamodb.TransactWriteItems": 1})
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_costs_its_snapshot_its_stream_and_one_transaction() {
    let world = World::start().await;
    world.aws_calls().await;

    let id = world.account(OWNER).await;
    let opening = world.aws_calls().await;
    let deposit =
        json!({"amount": {"amount_minor": 1, "currency": "NZD"}, "description": "Top-up"});
    for number in 0..120 {
        let request = world.request(Method::POST, &format!("/accounts/{id}/deposits"));
        let request = request.header("idempotency-key", format!("deposit-{number}"));
        world.send(request.json(&deposit)).await.expect(200);
    }
    let deposits = world.aws_calls().await;

    assert_eq!(opening["api"], json!({"dynamodb.TransactWriteItems": 1}));
    // However long the stream is: behind a snapshot one page is enough.
    assert_eq!(
        deposits["api"],
        json!({"dynamodb.GetItem": 120, "dynamodb.Query": 120, "dynamodb.TransactWriteItems": 120})
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_costs_its_projector_its_reads_and_one_transaction_and_a_query_three_reads_at_most()
 {
    let world = World::start().await;
    let path = format!("/accounts/{}", world.account(OWNER).await);
    let opening = applied(&world, &Value::Null).await;
    world.aws_calls().await;
    let deposit =
        json!({"amount": {"amount_minor": 1, "currency": "NZD"}, "description": "Top-up"});
    let request = world.request(Method::POST, &format!("{path}/deposits"));
    world.send(request.header("idempotency-key", "deposit").json(&deposit)).await.expect(200);

    applied(&world, &opening).await;
    let projecting = world.aws_calls().await;
    let mut reading = Vec::new();
    let transactions = format!("{path}/transactions");
    let (summary, feed) = (format!("/owners/{OWNER}/summary"), "/activity".to_owned());
    let of_subject = format!("/activity?subject={}", path.trim_start_matches('/'));
    for path in [&path, &transactions, &summary, &feed, &of_subject] {
        world.get(path).await.expect(200);
        reading.push(world.aws_calls().await["api"].clone());
    }

    // Of each of two read models: which builds there are, once a batch; how far the stream is applied, and that again with what
    // is changed, which is nothing in the feed.
    assert_eq!(
        projecting["project-views"],
        json!({"dynamodb.GetItem": 5 + 3, "dynamodb.Query": 2, "dynamodb.TransactWriteItems": 2})
    );
    // Which build is read; then the account, its view and a page of the list, a page of sums, a page of the feed.
    assert_eq!(
        reading,
        [
            json!({"dynamodb.GetItem": 2}),
            json!({"dynamodb.GetItem": 2, "dynamodb.Query": 1}),
            json!({"dynamodb.GetItem": 1, "dynamodb.Query": 1}),
            json!({"dynamodb.GetItem": 1, "dynamodb.Query": 1}),
            json!({"dynamodb.GetItem": 1, "dynamodb.Query": 1}),
        ]
    );
    world.stop().await;
}

/// The request of the projector that has applied something, and ended, other than an earlier one.
async fn applied(world: &World, earlier: &Value) -> Value {
    let ended = |line: &Value| !line["lag_ms"].is_null() && line["request_id"] != *earlier;
    world.wrote("project-views", ended).await["request_id"].clone()
}
