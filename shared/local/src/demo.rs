//! The main job from end to end, on the fixtures, with its chain drawn as a tree.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::binaries::workspace_root;
use crate::system::{Options, System};

/// How long the queued part may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Under which correlation id the publishing is found again.
const CHAIN: &str = "demo-publish";
/// What takes part; the rest is started by schedules.
const FUNCTIONS: &[&str] = &["api", "sync-campaign", "sync-statistics"];

/// Starts the system, publishes a campaign, waits for what is queued, draws what happened, stops everything.
///
/// # Errors
/// What went wrong first, in one line with its causes.
pub async fn run(options: Options, screen: &mut impl Write) -> anyhow::Result<()> {
    let system = System::start(options).await?;
    let shown = show(&system, screen).await;
    let output = system.output();
    system.stop().await;
    if shown.is_err() {
        let last = &output[output.len().saturating_sub(20)..];
        writeln!(screen, "\nThe functions said last:\n{}\n", last.join("\n"))?;
    }
    shown.context("the demo failed")
}

async fn show(system: &System, screen: &mut impl Write) -> anyhow::Result<()> {
    let demo = Demo { api: system.api_url(), http: Client::new() };
    let path = workspace_root().join("events/http/create_campaign.json");
    let fixture = std::fs::read_to_string(&path);
    let campaign = fixture.with_context(|| format!("cannot read {}", path.display()))?;

    writeln!(screen, "\n1. A command: the campaign is created.\n")?;
    let created = demo.post(screen, "/campaigns", campaign).await?;
    let id = created["id"].as_str().context("the campaign has no id")?;

    writeln!(
        screen,
        "\n2. It is published. Timeline, notification and plan limit commit with it, or nothing does.\n"
    )?;
    demo.post(screen, &format!("/campaigns/{id}/publish"), String::new()).await?;
    let timeline = demo.get(screen, &format!("/campaigns/{id}/timeline")).await?;
    for entry in timeline["items"].as_array().into_iter().flatten() {
        writeln!(screen, "   {}  {}", text(&entry["at"]), text(&entry["text"]))?;
    }

    writeln!(screen, "\n3. A queued job asks the ad provider. Its statistics follow.\n")?;
    let statistics =
        demo.wait_for(screen, &format!("/campaigns/{id}/statistics"), |_| true).await?;
    writeln!(screen, "   {statistics}")?;

    writeln!(screen, "\n4. All of it, from the correlation id `{CHAIN}`:\n")?;
    let chain = demo.wait_for(screen, &format!("/dev/chains/{CHAIN}"), has_ended).await?;
    writeln!(screen)?;
    for line in text(&chain).lines() {
        writeln!(screen, "   {line}")?;
    }

    writeln!(screen, "\n5. What it cost, in calls to AWS, creating included:\n")?;
    let calls = demo.http.get(format!("{}/_calls", system.aws_url())).send().await?;
    let calls: Value = serde_json::from_str(&calls.text().await?)?;
    for (function, counts) in calls.as_object().into_iter().flatten() {
        if FUNCTIONS.contains(&function.as_str()) {
            let counts = counts.as_object().into_iter().flatten();
            let counts: Vec<_> = counts.map(|(call, count)| format!("{call} {count}")).collect();
            writeln!(screen, "   {function}: {}", counts.join(", "))?;
        }
    }
    writeln!(screen)?;
    Ok(())
}

/// A caller who shows what is sent and what comes back.
struct Demo {
    api: String,
    http: Client,
}

impl Demo {
    async fn post(
        &self,
        screen: &mut impl Write,
        path: &str,
        body: String,
    ) -> anyhow::Result<Value> {
        let request =
            self.http.post(format!("{}{path}", self.api)).header("x-correlation-id", CHAIN);
        let request = request.header("content-type", "application/json").body(body);
        let (status, body) = read(request.send().await?).await?;
        shown(screen, "POST", path, status)?;
        ensure!(status.is_success(), "POST {path} answers {status}: {body}");
        Ok(body)
    }

    async fn get(&self, screen: &mut impl Write, path: &str) -> anyhow::Result<Value> {
        let (status, body) = self.ask(path).await?;
        shown(screen, "GET", path, status)?;
        ensure!(status.is_success(), "GET {path} answers {status}: {body}");
        Ok(body)
    }

    /// Asks again until it is there, and as it should be.
    async fn wait_for(
        &self,
        screen: &mut impl Write,
        path: &str,
        ready: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.ask(path).await?;
            if status != StatusCode::NOT_FOUND && (!status.is_success() || ready(&body)) {
                shown(screen, "GET", path, status)?;
                ensure!(status.is_success(), "GET {path} answers {status}: {body}");
                return Ok(body);
            }
            if Instant::now() > deadline {
                bail!("GET {path} still answers {status} after {PATIENCE:?}: {body}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, path: &str) -> anyhow::Result<(StatusCode, Value)> {
        read(self.http.get(format!("{}{path}", self.api)).send().await?).await
    }
}

/// Whether every queued run that a drawn chain shows is done.
fn has_ended(chain: &Value) -> bool {
    let mut queued = text(chain).lines().filter(|line| line.contains(" queued "));
    queued.all(|line| line.contains(" done "))
}

async fn read(response: reqwest::Response) -> anyhow::Result<(StatusCode, Value)> {
    let status = response.status();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((status, body))
}

fn shown(screen: &mut impl Write, method: &str, path: &str, status: StatusCode) -> io::Result<()> {
    writeln!(screen, "   {method:<4} {path}  {}", status.as_u16())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}
