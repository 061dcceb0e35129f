//! An AWS endpoint of its own for each test, with the tables of the template.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use local::aws::{AwsEndpoint, AwsOptions, Killer};
use local::ses::Mailbox;
use local::sqs::Sqs;
use local::template::{Template, Topic, TopicSubscription};
use postroom::contract::Adapters;
use postroom_aws::{Aws, Env};
use serde_json::{Value, json};

/// The handler that the queues of these tests belong to.
pub(crate) const HANDLER: &str = "tell-owner";
/// Another, whose queue is `tell-in-order.fifo`.
pub(crate) const IN_ORDER: &str = "tell-in-order";
/// Another that is subscribed to a topic, as the first may be.
pub(crate) const COUNTER: &str = "count-orders";

/// A running endpoint and a way to reach it as a function would.
pub(crate) struct Endpoint {
    pub(crate) aws: Aws,
    pub(crate) env: Env,
    pub(crate) sqs: Sqs,
    /// What SES has sent.
    pub(crate) mailbox: Mailbox,
    url: String,
    // Dropped last: the endpoint stops with it.
    server: AwsEndpoint,
}

struct NobodyDies;

impl Killer for NobodyDies {
    fn functions(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn kill(&self, function: &str) {
        panic!("{function} should have been killed");
    }
}

impl Endpoint {
    /// An endpoint with empty tables, and with a queue for each of `queues`, named as its handler, or that and `.fifo`.
    pub(crate) async fn with_queues(queues: &[&str]) -> Self {
        Self::over(Sqs::new(), queues).await
    }

    /// The same over queues that live by a clock of their own.
    pub(crate) async fn over(sqs: Sqs, queues: &[&str]) -> Self {
        let mailbox = Mailbox::default();
        let options = AwsOptions { mailbox: mailbox.clone(), ..AwsOptions::default() };
        let server = AwsEndpoint::start(options, sqs.clone(), Arc::new(NobodyDies));
        let server = server.await.unwrap();
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template.yaml");
        let template = Template::load(&template).unwrap();
        let stack = template.resolve(&BTreeMap::new(), &server.url()).unwrap();
        for table in stack.tables {
            server.create_table(table.create_request).await.unwrap();
        }
        for queue in queues {
            let is_fifo = queue.rsplit('.').next() == Some("fifo");
            let kind = is_fifo.then_some(("FifoQueue", "true"));
            // Longer than any back-off: what comes back earlier was told to.
            let attributes = kind.into_iter().chain([("VisibilityTimeout", "600")]);
            let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
            sqs.create_queue(queue, &attributes.collect()).unwrap();
        }
        for bucket in stack.buckets {
            server.create_bucket(&bucket).unwrap();
        }
        for secret in stack.secrets {
            server.create_secret(&secret);
        }
        let mut env = environment(&server.url(), queues);
        let aws = Aws::connect(&mut env);
        env.check().unwrap();
        Self { aws, env, sqs, mailbox, url: server.url(), server }
    }

    /// Makes the topic `events`, to which these queues are subscribed, each with what `Subscribe` takes besides.
    pub(crate) fn subscribed(&self, queues: &[(&str, &[(&str, &str)])]) {
        let subscription = |(queue, attributes): &(&str, &[(&str, &str)])| TopicSubscription {
            queue_arn: format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
            attributes: owned(attributes),
        };
        let subscriptions = queues.iter().map(subscription).collect();
        let (name, attributes) = ("events".to_owned(), BTreeMap::new());
        self.server.create_topic(&Topic { name, attributes, subscriptions }).unwrap();
    }

    /// The adapters over its tables.
    pub(crate) fn adapters(&mut self) -> Adapters {
        let (aws, env) = (&self.aws, &mut self.env);
        let ports = aws.ports(env, &[]);
        let adapters = Adapters {
            store: ports.store,
            journal: Arc::new(aws.journal(env)),
            inbox: ports.inbox,
            outbox: Arc::new(aws.outbox(env)),
            dead_letters: Arc::new(aws.dead_letters(env)),
            breakers: Arc::new(aws.breakers(env)),
            rates: Arc::new(aws.rates(env)),
            rows: Arc::new(aws.build_rows(env)),
        };
        env.check().unwrap();
        adapters
    }

    /// Makes the next calls of an operation, `dynamodb.GetItem`, go wrong: `{"drop_response": true}`, `{"status": 503}`.
    pub(crate) async fn fault(&self, operation: &str, times: u64, effect: Value) {
        let (service, action) = operation.split_once('.').unwrap();
        let mut fault = json!({"service": service, "action": action, "times": times});
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        let answer = reqwest::Client::new().post(format!("{}/_faults", self.url)).json(&fault);
        answer.send().await.unwrap().error_for_status().unwrap();
    }

    /// Replaces a secret, as an operator would.
    pub(crate) async fn put_secret(&self, id: &str, text: &str) {
        let put = reqwest::Client::new()
            .post(&self.url)
            .header("x-amz-target", "secretsmanager.PutSecretValue")
            .json(&json!({ "SecretId": id, "SecretString": text }));
        put.send().await.unwrap().error_for_status().unwrap();
    }

    /// Calls DynamoDB without an adapter in between.
    pub(crate) async fn dynamodb(&self, operation: &str, request: &Value) -> Value {
        let signature = "AWS4-HMAC-SHA256 Credential=by-hand/20260131/us-east-1/dynamodb/aws4_request, \
            SignedHeaders=host, Signature=0";
        let answer = reqwest::Client::new()
            .post(&self.url)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260131T000000Z")
            .header("authorization", signature)
            .header("content-type", "application/x-amz-json-1.0")
            .body(request.to_string());
        let answer = answer.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// How many calls there were.
    pub(crate) async fn all_calls(&self) -> u64 {
        let calls = reqwest::get(format!("{}/_calls", self.url)).await.unwrap();
        let calls: Value = calls.json().await.unwrap();
        calls["tests"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
    }

    /// How often an operation was called: `dynamodb.TransactWriteItems`.
    pub(crate) async fn calls(&self, operation: &str) -> u64 {
        let calls = reqwest::get(format!("{}/_calls", self.url)).await.unwrap();
        let calls: Value = calls.json().await.unwrap();
        calls["tests"][operation].as_u64().unwrap_or(0)
    }
}

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn environment(url: &str, queues: &[&str]) -> Env {
    let fixed = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("EVENTS_TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:events"),
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("JOURNAL_TABLE", "local-journal"),
        ("STATE_TABLE", "local-state"),
        ("OUTBOX_TABLE", "local-outbox"),
        ("INBOX_TABLE", "local-inbox"),
        ("DEAD_LETTERS_TABLE", "local-dead-letters"),
        ("WEBHOOK_SECRETS", "local-webhook-secrets"),
        ("OBJECTS_BUCKET", "local-objects-000000000000-us-east-1"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let queues = queues.iter().map(|queue| {
        let name = queue.trim_end_matches(".fifo").to_uppercase().replace('-', "_");
        (format!("{name}_QUEUE_URL"), format!("{url}/000000000000/{queue}"))
    });
    Env::of(fixed.into_iter().chain(queues))
}
