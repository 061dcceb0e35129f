//! The whole system with functions that this test binary plays.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Options, Output, StartError, System};
use crate::binaries::Binaries;
use crate::gateway::Authentication;
use crate::schedules::FireError;

const TEMPLATE: &str = "
Parameters:
  TenantClaim: {Type: String, Default: 'custom:tenant'}
  ProviderUrl: {Type: String, Default: 'https://ads.invalid'}
  PlayedBy: {Type: String}
  ChildFile: {Type: String, Default: ''}
Globals:
  Function:
    Timeout: 5
    Environment: {Variables: {PLAYED_BY: !Ref PlayedBy, CHILD_FILE: !Ref ChildFile}}
Resources:
  Api: {Type: 'AWS::Serverless::HttpApi', Properties: {Auth: {DefaultAuthorizer: Token}}}
  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-api
      Environment: {Variables: {QUEUE_URL: !Ref WorkerQueue, PROVIDER_URL: !Ref ProviderUrl}}
      Events:
        All: {Type: HttpApi, Properties: {ApiId: !Ref Api}}
        Open:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: get, Path: /open, Auth: {Authorizer: NONE}}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-worker
      Timeout: 2
      Events:
        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt WorkerQueue.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
        Tick: {Type: ScheduleV2, Properties: {Name: tick, ScheduleExpression: rate(1 minute)}}
  WorkerQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${AWS::StackName}-worker
      VisibilityTimeout: 2
      RedrivePolicy: {deadLetterTargetArn: !GetAtt WorkerDlq.Arn, maxReceiveCount: 2}
  WorkerDlq: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${AWS::StackName}-worker-dlq'}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub ${AWS::StackName}-table
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
";

/// Nobody checks it; DynamoDB wants to see one.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/any/aws4_request, \
                         SignedHeaders=host, Signature=0";
/// How long the slowest of what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A template on disk, and a program for each of its functions.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("template.yaml"), TEMPLATE)?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self) -> Options {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/function.sh");
        let programs = ["api", "worker"].map(|name| (name.to_owned(), program.clone()));
        let test = env::current_exe().unwrap().to_string_lossy().into_owned();
        Options {
            output: Output::Kept,
            template: Some(self.path("template.yaml")),
            parameters: BTreeMap::from([("PlayedBy".to_owned(), test)]),
            binaries: Some(Binaries::from_iter(programs)),
            ..Options::default()
        }
    }

    async fn start(&self) -> System {
        System::start(self.options()).await.unwrap()
    }
}

async fn get(url: String) -> (StatusCode, Value) {
    let response = Client::new().get(url).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn call_aws(system: &System, target: &str, body: Value) -> Value {
    let request = Client::new()
        .post(system.aws_url())
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20261121T000000Z")
        .header("authorization", SIGNATURE);
    let response = request.body(body.to_string()).send().await.unwrap();
    let status = response.status();
    let answer = response.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{target}: {answer}");
    serde_json::from_str(&answer).unwrap_or_default()
}

async fn send(system: &System, body: &str) {
    let queue_url = format!("{}/000000000000/local-worker", system.aws_url());
    let message = json!({"QueueUrl": queue_url, "MessageBody": body});
    call_aws(system, "AmazonSQS.SendMessage", message).await;
}

/// Waits until the condition holds, or fails with what the functions wrote.
async fn eventually(system: &System, what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what} did not happen: {:#?}", system.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn messages(system: &System, queue: &str) -> usize {
    let attributes = system.sqs().attributes(queue).unwrap();
    ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        .map(|name| attributes[name].parse::<usize>().unwrap())
        .iter()
        .sum()
}

fn handled(system: &System, body: &str) -> usize {
    let line = format!("[worker] got {body}");
    system.output().iter().filter(|written| **written == line).count()
}

#[tokio::test]
async fn a_request_reaches_its_function_with_the_demo_identity() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;
    let url = format!("{}/campaigns/c-1?limit=5", system.api_url());

    let response = Client::new().get(url).send().await.unwrap();

    assert_eq!(response.status(), StatusCode::OK);
    let request_id = response.headers()["apigw-requestid"].to_str().unwrap().to_owned();
    let answer: Value = response.json().await.unwrap();
    let event = &answer["event"];
    assert_eq!(event["requestContext"]["requestId"], request_id);
    assert_eq!(event["rawPath"], "/campaigns/c-1");
    let claims = &event["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!(claims, &json!({"custom:tenant": "demo", "scope": "ops", "sub": "demo-user"}));
    let variables = &answer["values"];
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "api");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "local-api");
    assert_eq!(variables["AWS_ENDPOINT_URL"], system.aws_url());
    assert_eq!(variables["PROVIDER_URL"], system.provider_url());
    assert_eq!(variables["QUEUE_URL"], format!("{}/000000000000/local-worker", system.aws_url()));
    system.stop().await;
}

#[tokio::test]
async fn a_token_says_who_acts_and_a_bad_one_is_refused() {
    let fixture = Fixture::new().unwrap();
    let required = Options { authentication: Authentication::Required, ..fixture.options() };
    let system = System::start(required).await.unwrap();
    let api = system.api_url();

    let (_, made) = get(format!("{api}/dev/token?tenant=acme&scope=ops+x&sub=me")).await;
    let ask = async |path: &str, token: Option<&str>| {
        let mut request = Client::new().get(format!("{api}{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let good = ask("/", made["token"].as_str()).await;
    let bad = ask("/", Some("a.b.c")).await;
    let none = ask("/", None).await;
    let open = ask("/open", None).await;
    let no_tenant = ask("/dev/token", None).await;

    let claims = &good.1["event"]["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!((&claims["custom:tenant"], &claims["scope"]), (&json!("acme"), &json!("ops x")));
    assert_eq!((bad.0, &bad.1), (401, &json!({"message": "Unauthorized"})));
    assert_eq!(none.0, 401);
    assert_eq!((open.0, &open.1["event"]["requestContext"]["authorizer"]), (200, &Value::Null));
    assert_eq!(no_tenant.0, 400);
    system.stop().await;
}

#[tokio::test]
async fn a_request_whose_function_fails_gets_the_gateways_own_answer() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;
    let post = async |body: Vec<u8>| {
        let request = Client::new().post(format!("{}/x", system.api_url()));
        let response = request.header("content-type", "text/plain").body(body).send();
        response.await.unwrap()
    };
    let cases = [
        (b"fail".to_vec(), 500, "Internal Server Error"),
        (b"crash".to_vec(), 500, "Internal Server Error"),
        (b"hang".to_vec(), 504, "Internal Server Error"),
        (vec![b'x'; 10 * 1024 * 1024 + 1], 413, "Request Entity Too Large"),
    ];

    for (body, status, message) in cases {
        let response = post(body).await;

        assert_eq!(response.status().as_u16(), status);
        assert!(response.headers().contains_key("apigw-requestid"));
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "message": message }));
    }
    assert_eq!(post(b"fine".to_vec()).await.status().as_u16(), 200);
    system.stop().await;
}

#[tokio::test]
async fn messages_that_fail_return_and_end_in_the_dead_letter_queue() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;

    send(&system, "fine").await;
    send(&system, "fail").await;

    eventually(&system, "the redrive", || messages(&system, "local-worker-dlq") == 1).await;
    assert_eq!(messages(&system, "local-worker"), 0);
    assert_eq!((handled(&system, "fine"), handled(&system, "fail")), (1, 2));
    system.stop().await;
}

#[tokio::test]
async fn a_worker_has_one_process_until_several_batches_come() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;
    let quiet = system.processes.count("worker");

    for _ in 0..4 {
        send(&system, "slow").await;
    }

    eventually(&system, "a second process", || system.processes.count("worker") > 1).await;
    eventually(&system, "the deletion", || messages(&system, "local-worker") == 0).await;
    assert_eq!((quiet, handled(&system, "slow")), (1, 4));
    system.stop().await;
}

#[tokio::test]
async fn a_batch_whose_worker_is_killed_is_delivered_again() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;

    send(&system, "slow").await;
    eventually(&system, "the first delivery", || handled(&system, "slow") == 1).await;
    system.kill("worker");

    eventually(&system, "the second delivery", || handled(&system, "slow") == 2).await;
    eventually(&system, "the deletion", || messages(&system, "local-worker") == 0).await;
    assert_eq!(messages(&system, "local-worker-dlq"), 0);
    system.stop().await;
}

#[tokio::test]
async fn a_schedule_fires_when_asked_and_an_unknown_one_is_told_the_known() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;
    let fire = async |name: &str| {
        let url = format!("{}/dev/schedules/{name}", system.api_url());
        let response = Client::new().post(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };

    system.fire("tick").await.unwrap();
    assert_eq!(handled(&system, "aws.scheduler"), 1);
    assert_eq!(fire("tick").await.0, 202);
    eventually(&system, "the second run", || handled(&system, "aws.scheduler") == 2).await;

    let (status, body) = fire("tock").await;
    assert!(status == 404 && body.contains("tick"), "{status} {body}");
    let unknown = system.fire("tock").await;
    assert!(matches!(unknown, Err(FireError::Unknown { .. })), "{unknown:?}");
    system.stop().await;
}

#[tokio::test]
async fn tables_of_the_template_are_there_with_their_time_to_live() {
    let fixture = Fixture::new().unwrap();
    let system = fixture.start().await;
    let table = json!({"TableName": "local-table"});

    let ttl = call_aws(&system, "DynamoDB_20120810.DescribeTimeToLive", table).await;

    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "expires_at");
    system.stop().await;
}

#[tokio::test]
async fn two_systems_run_side_by_side_and_leave_no_process_behind() {
    let fixture = Fixture::new().unwrap();
    let (one, two) = tokio::join!(fixture.start(), fixture.start());
    let pid = async |system: &System| {
        let (_, answer) = get(system.api_url()).await;
        answer["pid"].as_u64().unwrap()
    };
    let pids = [pid(&one).await, pid(&two).await];

    let started = Instant::now();
    tokio::join!(one.stop(), two.stop());

    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is left");
    }
}

#[tokio::test]
async fn what_a_function_started_ends_with_it() {
    let fixture = Fixture::new().unwrap();
    let marker = fixture.path("child");
    let mut options = fixture.options();
    options.parameters.insert("ChildFile".to_owned(), marker.to_string_lossy().into_owned());
    let system = tokio::time::timeout(Duration::from_secs(2), System::start(options)).await;

    // Dropped while it waits for functions that never ask for an event.
    assert!(system.is_err(), "a function without a first poll was taken for ready");
    let child = fs::read_to_string(&marker).unwrap();
    let left = || {
        let state = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    let started = Instant::now();
    while left() {
        assert!(started.elapsed() < PATIENCE, "process {child} is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_option() {
    let fixture = Fixture::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let cases = [
        (Options { api_port: port, ..fixture.options() }, "--api-port"),
        (Options { aws_port: port, ..fixture.options() }, "--aws-port"),
        (Options { provider_port: port, ..fixture.options() }, "--provider-port"),
    ];

    for (options, option) in cases {
        let error = anyhow::Error::new(System::start(options).await.unwrap_err());

        let message = format!("{error:#}");
        assert!(message.contains(option) && message.contains(&port.to_string()), "{message}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_runs() {
    let fixture = Fixture::new().unwrap();
    let no_template = Options { template: Some(fixture.path("none.yaml")), ..fixture.options() };
    let no_program = Options { binaries: Some(Binaries::default()), ..fixture.options() };
    let no_parameter = Options {
        parameters: [("Nonsense".to_owned(), String::new())].into(),
        ..fixture.options()
    };

    for (options, name) in
        [(no_template, "none.yaml"), (no_program, "`api`"), (no_parameter, "Nonsense")]
    {
        let error: StartError = System::start(options).await.unwrap_err();

        let message = format!("{:#}", anyhow::Error::new(error));
        assert!(message.contains(name), "{message}");
    }
}
