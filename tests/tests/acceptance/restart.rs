//! The whole system is killed, again and again, and goes on from its directory: what was acknowledged is there, and what
//! follows from it happens once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tests::{Reply, aws, fixture};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::serving::{Serving, command, eventually, functions_of};

/// Who order at the same time.
const CALLERS: usize = 3;
/// What each of them orders: campaigns, created and published.
const CAMPAIGNS: usize = 12;
/// After how many acknowledgements in all, and how much later, the system is killed: in the middle of whatever it does
/// then. The last time it lives on.
const KILLS: [(usize, Duration); 4] = [
    (3, Duration::ZERO),
    (17, Duration::from_millis(7)),
    (34, Duration::from_millis(23)),
    (52, Duration::from_millis(41)),
];
/// A message whose worker died waits for the end of its lease.
const PATIENCE: Duration = Duration::from_mins(2);

/// A run of the program over the directory of the one before.
struct Run {
    serving: Serving,
    /// Where it serves: `api`, `aws`, `provider`.
    urls: BTreeMap<String, String>,
}

impl Run {
    async fn start(directory: &Path) -> Self {
        let directory = directory.to_owned();
        let started = spawn_blocking(move || {
            let mut command = command(&["--quiet", "--parameter", "PlanLiveCampaigns=1000"]);
            command.arg("--data").arg(directory);
            let mut serving = Serving::start(command);
            let ready = serving.ready();
            (serving, ready)
        });
        let (serving, ready) = started.await.unwrap();
        let urls = ready.split_whitespace().filter_map(|word| word.split_once('='));
        let urls = urls.map(|(name, url)| (name.to_owned(), url.to_owned())).collect();
        Self { serving, urls }
    }

    /// Kills it, and waits for the functions that it leaves behind: they lose their host and end.
    fn kill(self) {
        let port = self.urls["aws"].rsplit(':').next().unwrap().to_owned();
        self.serving.kill();
        eventually("the end of the functions", || functions_of(&port).is_empty());
    }
}

/// What one caller wants, and how far it has come. It sends an order under one key until it is answered.
struct Caller {
    number: usize,
    /// The ids of its campaigns, as they were acknowledged.
    created: Vec<String>,
    /// How many of them are published.
    published: usize,
}

impl Caller {
    /// Orders until everything is acknowledged, or nobody answers any more.
    async fn order(mut self, http: Client, api: String, acknowledged: &AtomicUsize) -> Self {
        while self.published < CAMPAIGNS {
            let (path, body) = match self.created.get(self.published) {
                None => ("/campaigns".to_owned(), Some(fixture("http/create_campaign.json"))),
                Some(id) => (format!("/campaigns/{id}/publish"), None),
            };
            let key = format!("{}-{}-{}", self.number, self.created.len(), self.published);
            let request = http.post(format!("{api}{path}")).header("idempotency-key", key);
            let request = body.iter().fold(request, RequestBuilder::json);
            let Ok(response) = request.send().await else { break };
            let reply = Reply::read(response).await;
            // A process that was slow to start; or the system is being killed.
            if reply.status >= 500 {
                continue;
            }
            if body.is_some() {
                self.created.push(reply.expect(201).text("/id"));
            } else {
                reply.expect(200);
                self.published += 1;
            }
            acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_killed_whole_loses_nothing_that_was_acknowledged() {
    static ACKNOWLEDGED: AtomicUsize = AtomicUsize::new(0);
    let directory = tempfile::tempdir().unwrap();
    let http = Client::new();
    let caller = |number| Caller { number, created: Vec::new(), published: 0 };
    let mut callers: Vec<Caller> = (0..CALLERS).map(caller).collect();

    for (acknowledgements, later) in KILLS {
        let run = Run::start(directory.path()).await;
        let ordering = order(callers, &http, &run, &ACKNOWLEDGED);
        while ACKNOWLEDGED.load(Ordering::SeqCst) < acknowledgements {
            sleep(Duration::from_millis(1)).await;
        }
        sleep(later).await;
        run.kill();
        callers = ordering.join_all().await;
    }
    let run = Run::start(directory.path()).await;
    callers = order(callers, &http, &run, &ACKNOWLEDGED).join_all().await;

    let ids: Vec<String> = callers.into_iter().flat_map(|caller| caller.created).collect();
    for id in &ids {
        has_figures(&http, &run, id).await;
    }
    let events = at_rest(&http, &run).await;
    assert_eq!(ids.len(), CALLERS * CAMPAIGNS);
    let mut expected: Vec<(String, Vec<&str>)> = Vec::new();
    for id in &ids {
        expected
            .push((format!("demo#campaigns/{id}"), vec!["campaign.created", "campaign.published"]));
        expected.push((format!("demo#statistics/{id}"), vec!["statistics.synced"]));
    }
    expected.sort();
    assert_eq!(events.into_iter().collect::<Vec<_>>(), owned(expected));
    run.kill();
}

/// Sets all callers to work.
fn order(
    callers: Vec<Caller>,
    http: &Client,
    run: &Run,
    acknowledged: &'static AtomicUsize,
) -> JoinSet<Caller> {
    let mut ordering = JoinSet::new();
    for caller in callers {
        ordering.spawn(caller.order(http.clone(), run.urls["api"].clone(), acknowledged));
    }
    ordering
}

async fn has_figures(http: &Client, run: &Run, id: &str) {
    let url = format!("{}/campaigns/{id}/statistics", run.urls["api"]);
    let began = Instant::now();
    loop {
        let reply = Reply::read(http.get(&url).send().await.unwrap()).await;
        if reply.status == 200 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{url} answers {}", reply.status);
        sleep(Duration::from_millis(200)).await;
        // What a kill kept from being sent is the relay's, which comes by itself every minute.
        let relay = format!("{}/dev/schedules/relay-outbox", run.urls["api"]);
        http.post(relay).send().await.unwrap();
    }
}

/// The types of the events of every stream, once nothing waits in the outbox and every run is done.
async fn at_rest(http: &Client, run: &Run) -> BTreeMap<String, Vec<String>> {
    let aws_url = &run.urls["aws"];
    let began = Instant::now();
    loop {
        let outbox = aws::table(http, aws_url, "outbox").await;
        let inbox = aws::table(http, aws_url, "inbox").await;
        let running = inbox.iter().filter(|record| record["status"]["S"] == "running").count();
        if outbox.is_empty() && running == 0 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{} in the outbox, {running} at work", outbox.len());
        sleep(Duration::from_millis(500)).await;
    }
    let mut streams: BTreeMap<String, BTreeMap<u64, String>> = BTreeMap::new();
    for event in aws::table(http, aws_url, "journal").await {
        let text = |name: &str, kind: &str| event[name][kind].as_str().unwrap().to_owned();
        let envelope: Value = serde_json::from_str(&text("envelope", "S")).unwrap();
        let version = text("version", "N").parse().unwrap();
        let r#type = envelope["type"].as_str().unwrap().to_owned();
        streams.entry(text("stream", "S")).or_default().insert(version, r#type);
    }
    let in_order = |events: BTreeMap<u64, String>| events.into_values().collect();
    streams.into_iter().map(|(stream, events)| (stream, in_order(events))).collect()
}

fn owned(expected: Vec<(String, Vec<&str>)>) -> Vec<(String, Vec<String>)> {
    let types = |types: Vec<&str>| types.into_iter().map(str::to_owned).collect();
    expected.into_iter().map(|(stream, events)| (stream, types(events))).collect()
}
