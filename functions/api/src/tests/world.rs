//! Test support: the router over memory adapters, and requests as API Gateway sends them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::{PROJECT_VIEWS, Settings, projections, reactions};
use jiff::Timestamp;
use lambda_http::{Context, RequestExt, Service};
use postroom::memory::{
    ManualClock, MemoryObjects, MemoryQueue, MemorySecrets, MemoryStore, MemoryTopic, SeededIds,
};
use postroom::port::Store;
use postroom::{Courier, Ports, Projector, Runtime};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::document;
use crate::app::{App, router};
use crate::caller::ClaimNames;
use crate::operations::Operations;

const CREATE: &str = include_str!("../../../../events/apigw/create_campaign.json");
const LIST: &str = include_str!("../../../../events/apigw/list_campaigns.json");
const PUBLISH: &str = include_str!("../../../../events/apigw/publish_campaign.json");

/// How long a reply may take by the machine's clock, before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// As many campaigns may be live in tests.
pub(super) const PLAN: u32 = 2;

/// The API, and what it stands on.
pub(super) struct World {
    pub(super) memory: MemoryStore,
    pub(super) queue: MemoryQueue,
    pub(super) clock: Arc<ManualClock>,
    pub(super) secrets: MemorySecrets,
    pub(super) runtime: Runtime,
    router: Router,
}

impl World {
    pub(super) fn new() -> Self {
        Self::over(|memory| Arc::new(memory))
    }

    /// With a store of its own; the rest is memory.
    pub(super) fn over(store: impl FnOnce(MemoryStore) -> Arc<dyn Store>) -> Self {
        let memory = MemoryStore::default();
        let reactions = reactions(&Settings { plan_live_campaigns: PLAN, ..Settings::default() });
        let queue = MemoryQueue::new(reactions.queues());
        let clock = Arc::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap()));
        let outbox = Arc::new(memory.clone());
        let ports = Ports {
            store: store(memory.clone()),
            journal: Arc::new(memory.clone()),
            inbox: Arc::new(memory.clone()),
            courier: Courier::new(outbox, Arc::new(queue.clone()), clock.clone())
                .with_topic(Arc::new(MemoryTopic::of_table(queue.clone(), &reactions))),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
        };
        let claims = ClaimNames {
            tenant: "custom:tenant".to_owned(),
            subject: "sub".to_owned(),
            scope: "cognito:groups".to_owned(),
        };
        let runtime = Runtime::new(ports, reactions);
        let letters = Arc::new(memory.clone());
        let depths = Arc::new(queue.clone());
        let operations =
            Operations::new(&runtime, letters.clone(), letters.clone(), depths, letters);
        let uploads = MemoryObjects::default();
        let secrets = MemorySecrets::default();
        let app = App::new(runtime.clone(), operations, uploads, secrets.clone(), claims);
        Self { memory, queue, clock, secrets, runtime, router: router(app) }
    }

    /// Sends a request, and asserts that its reply is one of those that the document says it has.
    pub(super) async fn send(&self, ask: Ask) -> Reply {
        let request = lambda_http::request::from_str(&ask.event.to_string()).unwrap();
        let request = request.with_lambda_context(ask.context());
        // As the router sees it, without `.` and `..`.
        let path = request.uri().path().to_owned();
        let response = timeout(PATIENCE, self.router.clone().call(request)).await;
        let response = response.expect("the API answers whatever happens").unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 6 * 1024 * 1024).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let reply = Reply { status: head.status, headers: head.headers, body, text };
        document::agrees(ask.method(), &path, &reply);
        reply
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(Ask::new("GET", path)).await
    }

    pub(super) async fn post(&self, path: &str) -> Reply {
        self.send(Ask::new("POST", path)).await
    }

    /// Creates the campaign of the fixture; answers its id.
    pub(super) async fn create(&self) -> String {
        let created = self.send(Ask::fixture()).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
        created.body["id"].as_str().unwrap().to_owned()
    }

    /// Brings all read models up to date.
    pub(super) async fn project(&self) {
        let letters = Arc::new(self.memory.clone());
        let projector = Projector::new(PROJECT_VIEWS, self.runtime.clone(), letters);
        let again = projector.projections(projections()).process(&self.memory.told(), None).await;
        assert_eq!(again, None);
    }

    /// What is written: items, events, messages in the outbox.
    pub(super) fn written(&self) -> (usize, usize, usize) {
        let memory = &self.memory;
        (memory.items().len(), memory.journal_records().len(), memory.outbox_rows().len())
    }
}

/// A request as an event of the gateway.
pub(super) struct Ask {
    event: Value,
    deadline: Option<Timestamp>,
}

impl Ask {
    /// `events/apigw/create_campaign.json` as it is.
    pub(super) fn fixture() -> Self {
        Self::of(CREATE)
    }

    /// `events/apigw/list_campaigns.json` as it is.
    pub(super) fn list() -> Self {
        Self::of(LIST)
    }

    /// `events/apigw/publish_campaign.json` as it is.
    pub(super) fn publish() -> Self {
        Self::of(PUBLISH)
    }

    fn of(fixture: &str) -> Self {
        Self { event: serde_json::from_str(fixture).unwrap(), deadline: None }
    }

    /// Another method and path on a fixture's caller, without a body.
    pub(super) fn new(method: &str, path: &str) -> Self {
        let mut ask = if method == "POST" { Self::publish() } else { Self::list() };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        ask.event["rawPath"] = json!(path);
        ask.event["rawQueryString"] = json!(query);
        ask.event["requestContext"]["http"]["method"] = json!(method);
        ask.event["requestContext"]["http"]["path"] = json!(path);
        ask
    }

    pub(super) fn body(mut self, body: impl Into<String>) -> Self {
        self.event["body"] = json!(body.into());
        self.header("content-type", "application/json")
    }

    /// With a body as the gateway sends what is no text.
    pub(super) fn base64_body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.event["isBase64Encoded"] = json!(true);
        self.body(BASE64_STANDARD.encode(body))
    }

    /// In an invocation that ends then; otherwise it ends when `cargo lambda watch` says so, in 1970.
    pub(super) fn until(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    fn context(&self) -> Context {
        let deadline = self.deadline.map_or(600_000, Timestamp::as_millisecond);
        let mut context = Context::default();
        context.deadline = deadline.try_into().unwrap();
        context
    }

    fn method(&self) -> &str {
        self.event["requestContext"]["http"]["method"].as_str().unwrap()
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.event["headers"].as_object_mut().unwrap().remove(name);
        self
    }

    pub(super) fn claim(mut self, name: &str, value: &str) -> Self {
        self.event["requestContext"]["authorizer"]["jwt"]["claims"][name] = json!(value);
        self
    }

    /// As the gateway sends it where a route has no authorizer.
    pub(super) fn anonymous(mut self) -> Self {
        self.event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        self
    }
}

/// A reply; a body that is no JSON reads as `null`.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that it is a whole problem of this status and code.
    #[track_caller]
    pub(super) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert_eq!(self.body["status"], status);
        assert!(self.body["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["correlation_id"], self.header("x-correlation-id"));
        assert!(!self.header("x-correlation-id").is_empty());
    }
}
