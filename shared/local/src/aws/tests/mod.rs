//! The endpoint as its clients see it: over HTTP on the loopback address.

mod faults;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::aws::target::Service;
use crate::aws::{AwsEndpoint, AwsError, AwsOptions, Killer};
use crate::sqs::Sqs;

/// Remembers whom it was told to kill.
#[derive(Default)]
struct Witness {
    killed: Mutex<Vec<String>>,
}

impl Killer for Witness {
    fn functions(&self) -> BTreeSet<String> {
        ["api", "worker"].map(str::to_owned).into()
    }

    fn kill(&self, function: &str) {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner).push(function.to_owned());
    }
}

impl Witness {
    fn killed(&self) -> Vec<String> {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Harness {
    endpoint: AwsEndpoint,
    sqs: Sqs,
    witness: Arc<Witness>,
    http: reqwest::Client,
}

impl Harness {
    async fn start() -> Self {
        Self::start_with(AwsOptions::default()).await
    }

    async fn start_with(options: AwsOptions) -> Self {
        let (sqs, witness) = (Sqs::new(), Arc::new(Witness::default()));
        sqs.create_queue("jobs", &[].into()).expect("created");
        let endpoint = AwsEndpoint::start(options, sqs.clone(), witness.clone());
        let endpoint = endpoint.await.expect("started");
        let http = reqwest::Client::builder().no_proxy().build().expect("client");
        Self { endpoint, sqs, witness, http }
    }

    async fn call(
        &self,
        caller: &str,
        target: &str,
        body: Value,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let scope = "20260131/us-east-1/any/aws4_request";
        let rest = "SignedHeaders=host;x-amz-date, Signature=0";
        self.http
            .post(self.endpoint.url())
            .header("x-amz-target", target)
            .header("x-amz-date", "20260131T000000Z")
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={caller}/{scope}, {rest}"),
            )
            .body(body.to_string())
            .send()
            .await
    }

    async fn send_message(&self, caller: &str) -> Result<reqwest::Response, reqwest::Error> {
        let body = json!({ "QueueUrl": "http://any/000000000000/jobs", "MessageBody": "hello" });
        self.call(caller, "AmazonSQS.SendMessage", body).await
    }

    async fn add_fault(&self, effect: Value) -> reqwest::Response {
        let mut fault = json!({ "service": "sqs", "action": "SendMessage", "times": 1 });
        let members = effect.as_object().cloned().unwrap_or_default();
        fault.as_object_mut().expect("object").extend(members);
        let request = self.http.post(format!("{}/_faults", self.endpoint.url()));
        request.body(fault.to_string()).send().await.expect("answered")
    }

    async fn calls(&self) -> Value {
        let answer = self.http.get(format!("{}/_calls", self.endpoint.url())).send().await;
        answer.expect("answered").json().await.expect("JSON")
    }

    fn messages(&self) -> String {
        let attributes = self.sqs.attributes("jobs").expect("exists");
        attributes["ApproximateNumberOfMessages"].clone()
    }
}

fn a_table() -> Value {
    json!({
        "TableName": "things",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    })
}

fn time_to_live() -> Value {
    let specification = json!({ "Enabled": true, "AttributeName": "expires_at" });
    json!({ "TableName": "things", "TimeToLiveSpecification": specification })
}

#[tokio::test]
async fn a_table_is_created_once_and_named_by_the_region_of_the_system() {
    let harness = Harness::start().await;
    for _ in 0..2 {
        harness.endpoint.create_table(a_table()).await.expect("created, or there already");
        harness.endpoint.update_time_to_live(time_to_live()).await.expect("on, or on already");
    }

    let name = json!({ "TableName": "things" });
    let answer = harness.call("api", "DynamoDB_20120810.DescribeTable", name).await;
    let described: Value = answer.expect("answered").json().await.expect("JSON");

    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/things";
    assert_eq!(described["Table"]["TableArn"], arn);
    harness.endpoint.stop().await;
}

#[tokio::test]
async fn a_table_that_the_database_refuses_is_a_typed_error() {
    let harness = Harness::start().await;

    let refused = harness.endpoint.create_table(json!({ "TableName": "things" })).await;

    assert!(
        matches!(&refused, Err(AwsError::Refused { code, .. }) if code == "ValidationException"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn tables_and_messages_in_a_directory_outlive_the_endpoint() {
    let directory = tempfile::tempdir().expect("directory");
    let options = AwsOptions { data: Some(directory.path().join("new")), ..AwsOptions::default() };
    let first = Harness::start_with(options.clone()).await;
    first.endpoint.create_table(a_table()).await.expect("created");
    first.send_message("api").await.expect("sent");
    first.endpoint.stop().await;

    let second = Harness::start_with(options).await;
    let answer = second.call("api", "DynamoDB_20120810.ListTables", json!({})).await;

    let listed: Value = answer.expect("answered").json().await.expect("JSON");
    assert_eq!((&listed["TableNames"], second.messages()), (&json!(["things"]), "1".into()));
}

#[tokio::test]
async fn kept_messages_that_cannot_be_read_stop_the_start() {
    let directory = tempfile::tempdir().expect("directory");
    std::fs::write(directory.path().join("queues.json"), "{").expect("written");

    let options = AwsOptions { data: Some(directory.path().to_owned()), ..AwsOptions::default() };
    let refused = AwsEndpoint::start(options, Sqs::new(), Arc::new(Witness::default())).await;

    assert!(matches!(refused, Err(AwsError::Messages { .. })));
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("port");
    let port = taken.local_addr().expect("address").port();

    let options = AwsOptions { port, ..AwsOptions::default() };
    let refused = AwsEndpoint::start(options, Sqs::new(), Arc::new(Witness::default())).await;

    let message = refused.expect_err("taken").to_string();
    assert_eq!(message, format!("port {port} is taken; choose another with --aws-port"));
}

#[tokio::test]
async fn calls_are_counted_by_caller_and_the_systems_own_are_not() {
    let harness = Harness::start().await;
    harness.endpoint.create_table(a_table()).await.expect("created");
    for caller in ["api", "api", "worker"] {
        harness.send_message(caller).await.expect("sent");
    }
    let missing = harness.call("api", "DynamoDB_20120810.ListTables", json!({})).await;
    missing.expect("answered");

    let counted = harness.calls().await;
    let reset = harness.http.delete(format!("{}/_calls", harness.endpoint.url())).send().await;

    assert_eq!(
        counted,
        json!({
            "api": { "sqs.SendMessage": 2, "dynamodb.ListTables": 1 },
            "worker": { "sqs.SendMessage": 1 },
        })
    );
    assert!(reset.expect("answered").status().is_success());
    assert_eq!(harness.calls().await, json!({}));
}

#[tokio::test]
async fn a_refusal_of_sqs_has_the_names_that_sdks_look_for() {
    let harness = Harness::start().await;

    let body = json!({ "QueueName": "missing" });
    let refused = harness.call("api", "AmazonSQS.GetQueueUrl", body).await.expect("answered");

    let code = "AWS.SimpleQueueService.NonExistentQueue;Sender";
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["x-amzn-query-error"]),
        (400, &code.parse().expect("header"))
    );
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
}

#[tokio::test]
async fn every_operation_that_a_fault_can_name_is_one_that_can_be_called() {
    let harness = Harness::start().await;

    for service in Service::ALL {
        // S3's are told by method and path, and tried where those are read.
        let Some(prefix) = service.prefix() else { continue };
        for operation in service.operations() {
            let target = format!("{prefix}.{operation}");
            let answer = harness.call("api", &target, json!({})).await.expect("answered");

            let body: Value = answer.json().await.expect("JSON");
            let code = body["__type"].as_str().unwrap_or_default();
            assert!(!code.contains("UnknownOperation"), "{target}: {body}");
        }
    }
}

#[tokio::test]
async fn a_service_that_is_not_here_is_an_unknown_operation() {
    let harness = Harness::start().await;

    let targets = ["AmazonSNS.Publish", "AmazonSQS.Dance", "DynamoDB_20120810.Dance"];
    let mut codes = Vec::new();
    for target in targets {
        let answer = harness.call("api", target, json!({})).await.expect("answered");
        let body: Value = answer.json().await.expect("JSON");
        codes.push(
            body["__type"].as_str().and_then(|code| code.rsplit('#').next()).map(str::to_owned),
        );
    }

    assert!(codes.iter().all(|code| code.as_deref() == Some("UnknownOperationException")));
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused() {
    let harness = Harness::start().await;

    let body = json!({ "MessageBody": "x".repeat(16 * 1024 * 1024) });
    let refused = harness.call("api", "AmazonSQS.SendMessage", body).await.expect("answered");

    assert_eq!(refused.status().as_u16(), 413);
}

#[tokio::test]
async fn stopping_cuts_a_long_poll_off() {
    let harness = Harness::start().await;
    let poll = json!({ "QueueUrl": "jobs", "WaitTimeSeconds": 20 }).to_string();
    let polling = harness
        .http
        .post(harness.endpoint.url())
        .header("x-amz-target", "AmazonSQS.ReceiveMessage")
        .body(poll)
        .send();
    let mut polling = std::pin::pin!(polling);
    let counted = async { while harness.calls().await == json!({}) {} };
    tokio::select! {
        _ = &mut polling => unreachable!("there is nothing to receive"),
        () = counted => {}
    }
    let start = Instant::now();

    let (polled, ()) = tokio::join!(polling, harness.endpoint.stop());

    assert!(polled.is_err());
    assert!(start.elapsed() < Duration::from_secs(5));
}
