//! The operator's tool, `postroom`, against the local system: every verb.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{World, program};
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the tool came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        Self { code: output.status.code().unwrap(), out, err }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    #[track_caller]
    pub(crate) fn ends(&self, code: i32, reason: &str) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.contains(reason), "{}", self.err);
    }
}

/// The tool with an environment of nothing, so that only what is said counts.
pub(crate) async fn tool(arguments: &[&str]) -> Command {
    let tool = spawn_blocking(|| program("postroom")).await.unwrap();
    let mut command = Command::new(tool);
    command.args(arguments).env_clear();
    command
}

pub(crate) async fn run(mut command: Command) -> Ran {
    Ran::of(timeout(PATIENCE, command.output()).await.unwrap().unwrap())
}

pub(crate) async fn postroom(world: &World, arguments: &[&str]) -> Ran {
    let mut command = tool(arguments).await;
    command.args(["--endpoint", &world.system().aws_url(), "--by", "ann"]);
    run(command).await
}

/// A published campaign that the provider does not know: two dead letters, in the chain `the-launch`.
pub(crate) async fn with_two_letters(world: &World) -> String {
    let id = world.draft().await;
    world.provider_fault(json!({"campaign_id": id, "status": 404, "times": 2})).await;
    let path = format!("/campaigns/{id}/publish");
    let request = world.request(reqwest::Method::POST, &path);
    world.send(request.header("x-correlation-id", "the-launch")).await.expect(200);
    world.drained("sync-statistics").await;
    world.drained("sync-campaign.fifo").await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_found_understood_and_redriven() {
    let world = World::start().await;
    let campaign = with_two_letters(&world).await;

    let list = postroom(&world, &["dead-letters", "list", "--json"]).await.json();
    let groups = postroom(&world, &["dead-letters", "groups", "--json"]).await.json();
    let drawn = postroom(&world, &["chain", "the-launch"]).await;
    let queues = postroom(&world, &["queues", "--json"]).await.json();

    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(groups["groups"].as_array().unwrap().len(), 2);
    assert_eq!(drawn.out.matches("parked: ").count(), 2, "{}", drawn.out);
    let parked =
        queues["queues"].as_array().unwrap().iter().map(|queue| queue["parked"].as_u64().unwrap());
    assert_eq!(parked.sum::<u64>(), 2);

    let filter = ["--all", "--handler", "sync-statistics"];
    let rehearsed = ["dead-letters", "redrive", "--dry-run", "--json"].into_iter().chain(filter);
    let rehearsed = postroom(&world, &rehearsed.collect::<Vec<_>>()).await.json();
    let redriven = ["dead-letters", "redrive", "--json"].into_iter().chain(filter);
    let redriven = postroom(&world, &redriven.collect::<Vec<_>>()).await.json();
    assert_eq!(rehearsed["redriven"], redriven["redriven"]);
    let id = redriven["redriven"][0].as_str().unwrap();
    let again = postroom(&world, &["dead-letters", "redrive", id]).await;
    again.ends(3, "not open");

    // The relay leaves rows of the last five seconds to their sender.
    sleep(Duration::from_secs(6)).await;
    world.relayed().await;
    world.eventually(&format!("/campaigns/{campaign}/statistics"), 200).await;
    let drawn = postroom(&world, &["chain", "the-launch"]).await;
    assert!(drawn.out.contains("done, redriven 1×"), "{}", drawn.out);
    let shown = postroom(&world, &["dead-letters", "show", id, "--json"]).await.json();
    assert_eq!((&shown["status"], &shown["redrives"]), (&json!("redriven"), &json!(1)));
    let action = &shown["actions"][0];
    assert_eq!(
        (&action["action"], &action["actor_id"]),
        (&json!("redrive-dead-letter"), &json!("ann"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queues_are_the_same_over_http_and_cost_a_fixed_number_of_calls() {
    let world = World::start().await;
    with_two_letters(&world).await;
    world.aws_calls().await;

    let seen = world.get("/ops/queues").await.expect(200).body;
    let calls = world.aws_calls().await;
    let tool = postroom(&world, &["queues", "--json"]).await.json();

    // Each queue and its dead-letter queue; each shard of the open letters and of the outbox.
    assert_eq!(calls["api"], json!({"dynamodb.Query": 4 + 8, "sqs.GetQueueAttributes": 2 * 8}));
    let queue = |(queue, parked): (&str, u64)| {
        json!({"queue": queue, "waiting": 0, "in_flight": 0, "dead": 0, "parked": parked, "outbox": 0,
            "outbox_oldest_s": 0})
    };
    let queues = [
        ("generate-reports", 0),
        ("import-contacts", 0),
        ("project-views", 0),
        ("run-trials", 0),
        ("send-notifications", 0),
        ("settle-payments", 0),
        ("sync-campaign", 1),
        ("sync-statistics", 1),
    ];
    let queues = queues.map(queue);
    assert_eq!(seen, json!({"queues": queues, "truncated": false}));
    let of_tool = tool["queues"].as_array().unwrap();
    assert!(queues.iter().all(|queue| of_tool.contains(queue)), "{tool}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_succeed_is_edited_or_discarded() {
    let world = World::start().await;
    let campaign = with_two_letters(&world).await;
    let list = postroom(&world, &["dead-letters", "list", "--json"]).await.json();
    let letter = |handler: &str| {
        let items = list["items"].as_array().unwrap();
        let found = items.iter().find(|letter| letter["handler"] == handler).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let (figures, state) = (letter("sync-statistics"), letter("sync-campaign"));

    let why_not = ["dead-letters", "discard", &state, "--reason", "the provider was told by hand"];
    postroom(&world, &["dead-letters", "discard", &state]).await.ends(2, "--reason");
    postroom(&world, &[&why_not[..], &["--json"]].concat()).await.json();
    postroom(&world, &why_not).await.ends(3, "not open");
    let shown = postroom(&world, &["dead-letters", "show", &figures, "--json"]).await.json();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.json");
    std::fs::write(&file, shown["body"].as_str().unwrap()).unwrap();
    let edit = ["dead-letters", "edit", &figures, "--json", "--body", text(&file)];
    let edited = postroom(&world, &edit).await.json();

    assert_ne!(edited["message_id"], shown["message_id"]);
    sleep(Duration::from_secs(6)).await;
    world.relayed().await;
    world.eventually(&format!("/campaigns/{campaign}/statistics"), 200).await;
    let chain = postroom(&world, &["chain", "the-launch"]).await;
    assert!(chain.out.contains(", discarded"), "{}", chain.out);
    assert!(chain.out.contains("    └ sync-statistics"), "{}", chain.out);
    let synced = chain_event(&postroom(&world, &["chain", "the-launch", "--json"]).await.json());
    let why = postroom(&world, &["why", &synced, "--chain", "the-launch"]).await;
    let names: Vec<_> =
        why.out.lines().map(|row| row.split("  (").next().unwrap().trim()).collect();
    let way = [
        "publish-campaign",
        "└ campaign.published",
        "└ sync-statistics",
        "└ sync-statistics",
        "└ statistics.synced",
    ];
    assert_eq!(names, way);
    postroom(&world, &["why", &synced, "--chain", "another"]).await.ends(3, "no chain");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_told_and_what_is_out_of_reach_fails() {
    let world = World::start().await;

    let help = postroom(&world, &["--help"]).await;

    assert_eq!(help.code, 0);
    for verb in ["list", "groups", "show", "redrive", "edit", "discard", "chain", "why", "queues"] {
        assert!(help.out.contains(&format!(" {verb} ")), "{verb}");
    }
    postroom(&world, &["dead-letters", "liste"]).await.ends(2, "is no command");
    postroom(&world, &["queues", "--jsn"]).await.ends(2, "is not an option");
    postroom(&world, &["dead-letters", "list", "--from", "yesterday"]).await.ends(2, "--from");
    postroom(&world, &["dead-letters", "show", "nobody#nothing"]).await.ends(3, "no dead letter");
    postroom(&world, &["queues", "--stack", "elsewhere"]).await.ends(1, "refuses the request");
    world.stop().await;
}

/// The id of the event that says that statistics were synced.
fn chain_event(chain: &Value) -> String {
    fn find(node: &Value) -> Option<String> {
        if node["name"] == "statistics.synced" {
            return Some(node["id"].as_str().unwrap().to_owned());
        }
        node["children"].as_array().unwrap().iter().find_map(find)
    }
    chain["roots"].as_array().unwrap().iter().find_map(find).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
