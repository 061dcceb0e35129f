//! Mappings over the stream of a real table; the tests play the function.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::StreamPoller;
use crate::aws::{AwsEndpoint, AwsOptions, Killer};
use crate::filter::Filters;
use crate::lambda::{Invoke, InvokeError, Response};
use crate::sqs::Sqs;
use crate::template::{Patience, StartingPosition, StreamMapping};

/// Longer than whatever is expected takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Nobody;

impl Killer for Nobody {
    fn functions(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn kill(&self, _: &str) {}
}

/// A function whose invocations the test answers.
#[derive(Debug)]
struct Played {
    calls: mpsc::UnboundedSender<Call>,
}

/// An invocation that waits for its answer.
#[derive(Debug)]
struct Call {
    records: Vec<Value>,
    answer: oneshot::Sender<Result<Bytes, InvokeError>>,
}

impl Invoke for Played {
    fn invoke<'a>(
        &'a self,
        _function: &'a str,
        payload: Bytes,
    ) -> BoxFuture<'a, Result<Response, InvokeError>> {
        let mut event: Value = serde_json::from_slice(&payload).unwrap();
        let records = event["Records"].as_array_mut().map(std::mem::take).unwrap();
        let (answer, answered) = oneshot::channel();
        self.calls.send(Call { records, answer }).unwrap();
        Box::pin(async {
            Ok(Response { request_id: "r".to_owned(), payload: answered.await.unwrap()? })
        })
    }
}

impl Call {
    /// Which things its records are about.
    fn ids(&self) -> Vec<String> {
        let id =
            |record: &Value| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned();
        self.records.iter().map(id).collect()
    }

    fn succeed(self) {
        self.answer.send(Ok(Bytes::new())).unwrap();
    }

    /// Answers that the record in this place failed.
    fn fail(self, index: usize) {
        let number = &self.records[index]["dynamodb"]["SequenceNumber"];
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": number }] });
        self.answer.send(Ok(Bytes::from(failures.to_string()))).unwrap();
    }

    fn crash(self) {
        self.answer.send(Err(InvokeError::Stopped)).unwrap();
    }
}

/// One table, one mapping, one function.
struct Running {
    endpoint: AwsEndpoint,
    sqs: Sqs,
    mapping: StreamMapping,
    calls: mpsc::UnboundedReceiver<Call>,
    function: Arc<dyn Invoke>,
    pollers: JoinSet<()>,
}

impl Running {
    async fn start(change: impl FnOnce(&mut StreamMapping)) -> Self {
        let mut running = Self::stopped(change).await;
        running.resume();
        running
    }

    /// Nobody reads the stream yet.
    async fn stopped(change: impl FnOnce(&mut StreamMapping)) -> Self {
        let sqs = Sqs::new();
        sqs.create_queue("failures", &[].into()).unwrap();
        let endpoint = AwsEndpoint::start(AwsOptions::default(), sqs.clone(), Arc::new(Nobody));
        let endpoint = endpoint.await.unwrap();
        let table = json!({
            "TableName": "things",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        });
        endpoint.create_table(table).await.unwrap();
        let mut mapping = StreamMapping {
            function: "worker".to_owned(),
            table: "things".to_owned(),
            batch_size: 10,
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            patience: Patience { maximum_retries: Some(1), maximum_record_age: None, bisect: true },
            on_failure: Some("failures".to_owned()),
            filters: Filters::default(),
            report_batch_item_failures: true,
        };
        change(&mut mapping);
        let (sender, calls) = mpsc::unbounded_channel();
        let function: Arc<dyn Invoke> = Arc::new(Played { calls: sender });
        Self { endpoint, sqs, mapping, calls, function, pollers: JoinSet::new() }
    }

    fn resume(&mut self) {
        let poller = StreamPoller {
            mapping: self.mapping.clone(),
            streams: self.endpoint.streams(),
            sqs: self.sqs.clone(),
            functions: Arc::clone(&self.function),
        };
        self.pollers.spawn(async move { poller.run_forever().await });
    }

    async fn put(&self, id: &str, value: u32) {
        let request = json!({
            "TableName": "things",
            "Item": { "pk": { "S": id }, "value": { "N": value.to_string() } },
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client
            .post(self.endpoint.url())
            .header("x-amz-target", "DynamoDB_20120810.PutItem")
            .header("x-amz-date", "20260131T000000Z")
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=api/20260131/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0",
            )
            .body(request.to_string())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    async fn put_all(&self, ids: &[&str]) {
        for id in ids {
            self.put(id, 1).await;
        }
    }

    async fn next(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("the function is not called").unwrap()
    }

    /// What the destination of failures was told.
    async fn failure(&self) -> Value {
        let began = Instant::now();
        loop {
            let received = self.sqs.receive("failures", 1, Duration::ZERO).await.unwrap();
            if let Some(message) = received.first() {
                return serde_json::from_str(&message.body).unwrap();
            }
            assert!(began.elapsed() < PATIENCE, "nobody is told");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn records_come_in_order_and_in_batches_one_after_the_other() {
    let mut running = Running::stopped(|mapping| mapping.batch_size = 2).await;
    running.put_all(&["a", "b", "c"]).await;
    running.resume();

    let first = running.next().await;
    let beside = running.calls.try_recv().is_err();
    let ids = first.ids();
    first.succeed();
    let second = running.next().await;

    assert_eq!((ids, second.ids()), (vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]));
    assert!(beside, "a shard has one batch in flight");
}

#[tokio::test]
async fn a_record_is_as_aws_sends_it() {
    let mut running = Running::start(|_| {}).await;
    running.put("a", 1).await;

    let call = running.next().await;

    let record = &call.records[0];
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert!(record["eventID"].is_string());
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/"),
        "{arn}"
    );
    let change = &record["dynamodb"];
    assert_eq!(change["Keys"], json!({ "pk": { "S": "a" } }));
    assert_eq!(change["NewImage"], json!({ "pk": { "S": "a" }, "value": { "N": "1" } }));
    assert!(change["ApproximateCreationDateTime"].is_u64());
    assert!(change["SequenceNumber"].as_str().unwrap().len() >= 21);
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_not_told() {
    let mut running = Running::start(|_| {}).await;
    for value in [1, 1, 2] {
        running.put("a", value).await;
    }

    let mut names = Vec::new();
    while names.len() < 2 {
        let call = running.next().await;
        names.extend(call.records.iter().map(|record| record["eventName"].to_string()));
        call.succeed();
    }

    assert_eq!(names, [r#""INSERT""#, r#""MODIFY""#]);
}

#[tokio::test]
async fn a_shard_goes_on_at_the_record_that_failed() {
    let mut running = Running::stopped(|_| {}).await;
    running.put_all(&["a", "b", "c"]).await;
    running.resume();

    running.next().await.fail(1);
    let again = running.next().await;

    assert_eq!(again.ids(), ["b", "c"]);
}

#[tokio::test]
async fn what_crashes_its_function_is_isolated_and_its_place_is_told() {
    let mut running = Running::stopped(|mapping| mapping.patience.maximum_retries = Some(0)).await;
    running.put_all(&["a", "b"]).await;
    running.resume();

    running.next().await.crash();
    let alone = running.next().await;
    let (ids, number) = (alone.ids(), alone.records[0]["dynamodb"]["SequenceNumber"].clone());
    alone.crash();
    let failure = running.failure().await;
    let rest = running.next().await;

    assert_eq!((ids, rest.ids()), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(failure["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(failure["DDBStreamBatchInfo"]["startSequenceNumber"], number);
    assert_eq!(failure["DDBStreamBatchInfo"]["batchSize"], 1);
}

#[tokio::test]
async fn a_filter_keeps_records_back_and_the_shard_goes_on() {
    let criteria =
        json!({ "Filters": [{ "Pattern": r#"{"dynamodb":{"Keys":{"pk":{"S":["b"]}}}}"# }] });
    let filters = Filters::of_records(&criteria).unwrap();
    let mut running = Running::start(|mapping| mapping.filters = filters).await;
    running.put_all(&["a", "b", "c"]).await;

    let call = running.next().await;

    assert_eq!(call.ids(), ["b"]);
}

#[tokio::test]
async fn the_latest_position_is_behind_what_there_is_and_the_horizon_before_it() {
    for (position, expected) in
        [(StartingPosition::TrimHorizon, "old"), (StartingPosition::Latest, "new")]
    {
        let mut running = Running::stopped(|mapping| mapping.starting_position = position).await;
        running.put("old", 1).await;
        running.resume();
        if position == StartingPosition::Latest {
            // It has to have begun: what comes before that is no news to it.
            sleep(Duration::from_millis(500)).await;
        }
        running.put("new", 1).await;

        let call = running.next().await;

        assert_eq!(call.ids()[0], expected);
    }
}

#[tokio::test]
async fn a_window_gathers_what_comes_within_it() {
    let window = Duration::from_millis(700);
    let mut running = Running::start(|mapping| mapping.batching_window = window).await;
    running.put("a", 1).await;
    sleep(Duration::from_millis(300)).await;
    running.put("b", 1).await;

    let call = running.next().await;

    assert_eq!(call.ids(), ["a", "b"]);
}
