//! One whole system on free ports, with the real function binaries, and what a test does to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use local::binaries::Binaries;
use local::gateway::Authentication;
use local::system::{Options, Output, System};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use crate::{Reply, aws};

/// How long anything queued may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(40);

/// Built once for all tests of a process; cargo would otherwise look at the whole workspace for each.
static BINARIES: OnceCell<Binaries> = OnceCell::const_new();

/// What is different about a test's system.
#[derive(Debug, Clone, Default)]
pub struct WorldOptions {
    /// Template parameters in place of their defaults.
    pub parameters: Vec<(&'static str, String)>,
    /// Texts of the template to replace, such as a time-out.
    pub template: Vec<(&'static str, &'static str)>,
    /// Programs of functions in place of the built ones.
    pub programs: Vec<(&'static str, PathBuf)>,
    /// Requests without a token are refused.
    pub require_auth: bool,
}

/// A running system and one of its callers.
#[derive(Debug)]
pub struct World {
    system: System,
    pub(crate) http: Client,
    token: Option<String>,
    // Holds the changed template for as long as the system may read it.
    _template: Option<tempfile::TempPath>,
}

impl World {
    /// The system as it is deployed.
    pub async fn start() -> Self {
        Self::with(WorldOptions::default()).await
    }

    /// A system with differences.
    pub async fn with(options: WorldOptions) -> Self {
        let template = changed_template(&options.template);
        let parameters: BTreeMap<String, String> = options
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let started = System::start(Options {
            authentication: if options.require_auth {
                Authentication::Required
            } else {
                Authentication::Optional
            },
            output: Output::Kept,
            template: template.as_ref().map(|path| path.to_path_buf()),
            parameters,
            binaries: Some(with_programs(binaries().await, &options.programs)),
            ..Options::default()
        });
        let system = started.await.unwrap();
        Self { system, http: Client::new(), token: None, _template: template }
    }

    /// The system itself.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Acts as a user of a tenant from now on.
    pub async fn act_as(&mut self, tenant: &str) {
        let path = format!("/dev/token?tenant={tenant}&scope=ops&sub={tenant}-user");
        self.token = Some(self.get(&path).await.expect(200).text("/token"));
    }

    /// A request to the API, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.system.api_url()));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str) -> Reply {
        self.send(self.request(Method::POST, path)).await
    }

    /// Creates a campaign from the fixture and answers its id.
    pub async fn draft(&self) -> String {
        let request =
            self.request(Method::POST, "/campaigns").json(&fixture("http/create_campaign.json"));
        self.send(request).await.expect(201).text("/id")
    }

    /// Creates and publishes a campaign and answers its id.
    pub async fn published(&self) -> String {
        let id = self.draft().await;
        self.post(&format!("/campaigns/{id}/publish")).await.expect(200);
        id
    }

    /// Asks again until the answer has a status.
    pub async fn eventually(&self, path: &str, status: u16) -> Reply {
        self.until(path, |reply| reply.status == status).await
    }

    /// Asks again until the answer is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = self.get(path).await;
            if wanted(&reply) {
                return reply;
            }
            self.not_after(deadline, &format!("{path} answers {}: {:#}", reply.status, reply.body));
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing is in a queue, visible or not.
    pub async fn drained(&self, queue: &str) {
        let deadline = Instant::now() + PATIENCE;
        let queue = format!("local-{queue}");
        while self.holds_messages(&queue) {
            self.not_after(deadline, &format!("{queue} still holds messages"));
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing is in the outbox, which the relay empties, nor in any queue.
    pub async fn settled(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let queues = self.system.stack().queues.iter().map(|queue| queue.name.as_str());
            let busy: Vec<_> = queues.filter(|queue| self.holds_messages(queue)).collect();
            let outbox = self.table("outbox").await.len();
            if busy.is_empty() && outbox == 0 {
                return;
            }
            self.not_after(
                deadline,
                &format!("{outbox} messages in the outbox, others in {busy:?}"),
            );
            if outbox > 0 {
                self.post("/dev/schedules/relay-outbox").await.expect(202);
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    fn holds_messages(&self, queue: &str) -> bool {
        let attributes = self.system.sqs().attributes(queue).unwrap();
        let counts = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        counts.iter().any(|name| attributes.get(*name).is_some_and(|count| count != "0"))
    }

    /// Waits until the ad provider was asked for the figures of any campaign.
    pub async fn provider_asked(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.figures_asked("").await.is_empty() {
            self.not_after(deadline, "nobody has asked the provider");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a function has written a JSON line that meets a condition, and answers it.
    pub async fn wrote(&self, function: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let prefix = format!("[{function}] ");
        loop {
            let output = self.system.output();
            let lines = output.iter().filter_map(|line| line.strip_prefix(&prefix));
            let mut written = lines.filter_map(|line| serde_json::from_str(line).ok());
            if let Some(found) = written.find(&matches) {
                return found;
            }
            self.not_after(deadline, &format!("{function} has not written what was waited for"));
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fires the relay until nothing is left in the outbox.
    pub async fn relayed(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = self.table("outbox").await;
            if left.is_empty() {
                return;
            }
            self.not_after(deadline, &format!("the outbox still holds {left:?}"));
            self.post("/dev/schedules/relay-outbox").await.expect(202);
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Fires a schedule until the answer has a status.
    pub async fn fired_until(&self, schedule: &str, path: &str, status: u16) -> Reply {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.post(&format!("/dev/schedules/{schedule}")).await.expect(202);
            sleep(Duration::from_millis(500)).await;
            let reply = self.get(path).await;
            if reply.status == status {
                return reply;
            }
            self.not_after(deadline, &format!("{path} answers {}", reply.status));
        }
    }

    /// Makes calls to AWS go wrong; see `POST /_faults` of the AWS endpoint.
    pub async fn aws_fault(&self, fault: Value) {
        let request = self.http.post(format!("{}/_faults", self.system.aws_url())).json(&fault);
        let reply = self.send(request).await;
        assert!(reply.status < 300, "{reply:?}");
    }

    /// Waits until so many callers of AWS were killed.
    pub async fn callers_killed(&self, times: u64) {
        let url = format!("{}/_faults", self.system.aws_url());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let applied = self.send(self.http.get(&url)).await.expect(200).body;
            if applied["applied"]["kill_caller"].as_u64() >= Some(times) {
                return;
            }
            self.not_after(deadline, &format!("too few were killed: {applied}"));
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Takes back everything that makes calls to AWS go wrong, and answers how often each effect came about.
    pub async fn aws_heals(&self) -> Value {
        let url = format!("{}/_faults", self.system.aws_url());
        let reply = self.send(self.http.delete(&url)).await;
        assert!(reply.status < 300, "{reply:?}");
        self.send(self.http.get(&url)).await.expect(200).body["applied"].take()
    }

    /// How often each function called what since the last call of this.
    pub async fn aws_calls(&self) -> Value {
        let url = format!("{}/_calls", self.system.aws_url());
        let calls = self.send(self.http.get(&url)).await.expect(200).body;
        self.send(self.http.delete(&url)).await;
        calls
    }

    /// Calls AWS as no function in particular: `("DynamoDB_20120810", "Scan", {...})`.
    pub async fn aws(&self, service: &str, action: &str, request: Value) -> Value {
        aws::call(&self.http, &self.system.aws_url(), service, action, &request).await
    }

    /// Everything in a table.
    pub async fn table(&self, table: &str) -> Vec<Value> {
        aws::table(&self.http, &self.system.aws_url(), table).await
    }

    /// Everything in every table, in an order that does not depend on the scan, once read models have come to the journal's
    /// end: they follow by themselves, and what they write is nobody's request.
    pub async fn tables(&self) -> BTreeMap<String, Vec<String>> {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_followed().await {
            self.not_after(deadline, "the feed is behind the journal");
            sleep(Duration::from_millis(50)).await;
        }
        let mut tables = BTreeMap::new();
        for table in &self.system.stack().tables {
            let name = table.name.strip_prefix("local-").unwrap();
            let mut items: Vec<_> = self.table(name).await.iter().map(Value::to_string).collect();
            items.sort();
            tables.insert(name.to_owned(), items);
        }
        tables
    }

    /// Whether all that is in the journal is in the feed: of each event, that is made last.
    async fn is_followed(&self) -> bool {
        let (journal, state) = (self.table("journal").await, self.table("state").await);
        let of = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let followed = journal.iter().filter(|item| !of(item, "stream").contains("#contacts/"));
        let shown = state.iter().filter(|item| of(item, "pk").ends_with("#activity@1"));
        followed.count() == shown.count()
    }

    /// The same without the notes that a refused command leaves for its chain, and how many those are.
    pub async fn tables_and_notes(&self) -> (BTreeMap<String, Vec<String>>, usize) {
        let mut tables = self.tables().await;
        let inbox = tables.get_mut("inbox").unwrap();
        let notes = inbox.extract_if(.., |item| item.contains("refused#")).count();
        (tables, notes)
    }

    /// Puts a body into a queue, as it stands.
    pub async fn enqueue(&self, queue: &str, body: &str) {
        let url = format!("{}/000000000000/local-{queue}", self.system.aws_url());
        let request = json!({"QueueUrl": url, "MessageBody": body});
        self.aws("AmazonSQS", "SendMessage", request).await;
    }

    /// Puts a message into a FIFO queue; the same deduplication id within five minutes is the same message.
    pub async fn enqueue_in_order(&self, queue: &str, group: &str, id: &str, message: &Value) {
        let url = format!("{}/000000000000/local-{queue}", self.system.aws_url());
        let request = json!({"QueueUrl": url, "MessageBody": message.to_string(),
            "MessageGroupId": group, "MessageDeduplicationId": id});
        self.aws("AmazonSQS", "SendMessage", request).await;
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.system.stop().await;
    }

    fn not_after(&self, deadline: Instant, state: &str) {
        if Instant::now() > deadline {
            let output = self.system.output();
            let last = &output[output.len().saturating_sub(40)..];
            panic!("in vain: {state}\nthe functions said last:\n{}", last.join("\n"));
        }
    }
}

async fn binaries() -> &'static Binaries {
    BINARIES.get_or_init(|| async { Binaries::build(&root()).await.unwrap() }).await
}

/// The programs of all functions: the built ones, but for those that are given.
fn with_programs(built: &Binaries, given: &[(&str, PathBuf)]) -> Binaries {
    let folders = std::fs::read_dir(root().join("functions")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let program = |name: &str| match given.iter().find(|(function, _)| *function == name) {
        Some((_, program)) => program.clone(),
        None => built.find(name, name).unwrap(),
    };
    names.map(|name| (name.clone(), program(&name))).collect()
}

/// A program of the workspace, built.
pub fn program(name: &str) -> PathBuf {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(binaries()).find(name, name).unwrap()
}

/// The workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A fixture of `events/`.
pub fn fixture(name: &str) -> Value {
    let path = root().join("events").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn changed_template(changes: &[(&str, &str)]) -> Option<tempfile::TempPath> {
    if changes.is_empty() {
        return None;
    }
    let mut text = std::fs::read_to_string(root().join("infra/template.yaml")).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "the template has no `{old}` any more");
        text = text.replace(old, new);
    }
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap().into_temp_path();
    std::fs::write(&file, text).unwrap();
    Some(file)
}
