//! What `project-views` makes of each event that it is invoked with: by its schedule, the stream, its queue, or by mistake.

use postroom::ReplayState;
use postroom_aws::EventError;
use serde_json::{Value, json};

use crate::streams::{Bench, event};

const TICK: &str = include_str!("../../../events/schedule/project-views.json");
const MESSAGE: &str = include_str!("../../../events/sqs/standard.json");

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn an_event_of_the_schedule_goes_on_with_a_rebuild_and_answers_nothing() {
    let bench = Bench::with(&["1", "2"]).await;
    bench.ask().await;

    let answer = bench.dispatch(read(TICK)).await.unwrap();

    assert_eq!((answer, bench.live().await.as_str()), (Value::Null, "2"));
    assert_eq!((bench.heard("1").await, bench.heard("2").await), (1, 1));
}

#[tokio::test]
async fn an_event_of_the_schedule_goes_on_with_a_replay_beside_a_rebuild() {
    let bench = Bench::with(&["1", "2"]).await;
    bench.ask().await;
    bench.later();
    let asked = bench.replay().await;

    bench.dispatch(event(["1", "2"])).await.unwrap();
    let untouched = bench.replayed(&asked).await;
    bench.dispatch(read(TICK)).await.unwrap();

    let over = bench.replayed(&asked).await;
    assert_eq!((untouched.state, untouched.counts.read), (ReplayState::Running, 0));
    assert_eq!((over.state, over.counts.sent), (ReplayState::Completed, 2));
    assert_eq!(bench.live().await, "2");
}

#[tokio::test]
async fn an_event_of_the_stream_is_applied_and_goes_on_with_no_rebuild() {
    let bench = Bench::with(&["1", "2"]).await;
    bench.ask().await;

    let answer = bench.dispatch(event(["1", "2"])).await.unwrap();

    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!((bench.heard("1").await, bench.live().await.as_str()), (1, "1"));
}

#[tokio::test]
async fn a_message_of_its_queue_is_applied_and_answered_by_its_id() {
    let bench = Bench::with(&["a", "secret"]).await;
    let mut unheard = read(MESSAGE);
    let body = unheard["Records"][0]["body"].as_str().unwrap().replace("orders/a", "orders/secret");
    unheard["Records"][0]["body"] = json!(body);

    let applied = bench.dispatch(read(MESSAGE)).await.unwrap();
    let failed = bench.dispatch(unheard.clone()).await.unwrap();

    let ids = |event: &Value| -> Vec<Value> {
        let records = event["Records"].as_array().unwrap().iter();
        records.map(|record| json!({"itemIdentifier": record["messageId"]})).collect()
    };
    assert_eq!((applied, bench.heard("a").await), (json!({"batchItemFailures": []}), 1));
    assert_eq!(failed["batchItemFailures"][0], ids(&unheard)[0]);
}

#[tokio::test]
async fn what_it_is_not_invoked_with_is_told_and_changes_nothing() {
    let bench = Bench::with(&["1"]).await;
    bench.ask().await;

    for stranger in [
        json!({}),
        json!(null),
        json!("tick"),
        json!({"source": "aws.s3", "detail": {}}),
        json!({"Records": "none"}),
        json!({"Records": [{"eventSource": "aws:sqs"}]}),
        json!({"Records": [{"eventSource": "aws:dynamodb"}]}),
    ] {
        let told = bench.dispatch(stranger.clone()).await.unwrap_err();
        let EventError::Batch(told) = told else { panic!("{stranger}: {told}") };
        assert!(told.to_string().contains("event"), "{stranger}: {told}");
    }

    assert_eq!((bench.heard("1").await, bench.live().await.as_str()), (0, "1"));
}
