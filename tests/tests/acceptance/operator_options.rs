//! What the operator's tool says and takes, verb by verb, over one system.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::World;
use tokio::io::AsyncWriteExt as _;

use crate::operator::{Ran, postroom, run, tool, with_two_letters};

const LETTERS: &str = "dead-letters";

/// The id of the one letter of a handler.
async fn letter_of(world: &World, handler: &str) -> String {
    let list = postroom(world, &[LETTERS, "list", "--json", "--handler", handler]).await.json();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

/// All that a decision changes.
async fn written(world: &World) -> [Vec<Value>; 3] {
    let tables = (world.table("dead-letters").await, world.table("outbox").await);
    let mut state = world.table("state").await;
    // Read models follow when they follow: their keys have the number of their build.
    state.retain(|item| item["pk"]["S"].as_str().is_some_and(|pk| !pk.contains('@')));
    [tables.0, tables.1, state]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_one_decides_nothing() {
    let world = World::start().await;
    with_two_letters(&world).await;
    let (figures, state) =
        (letter_of(&world, "sync-statistics").await, letter_of(&world, "sync-campaign").await);
    let shown = postroom(&world, &[LETTERS, "show", &figures, "--json"]).await.json();
    let before = written(&world).await;

    let redrive = [LETTERS, "redrive", &figures];
    let edit = [LETTERS, "edit", &figures, "--body", "-"];
    let discard = [LETTERS, "discard", &state, "--reason", "told by hand"];
    let rehearsed = [
        postroom(&world, &[&redrive[..], &["--dry-run"]].concat()).await,
        typed(&world, &[&edit[..], &["--dry-run"]].concat(), &shown["body"]).await,
        postroom(&world, &[&discard[..], &["--dry-run"]].concat()).await,
    ];
    let nonsense = typed(&world, &[&edit[..], &["--dry-run"]].concat(), &json!("{}")).await;
    let unchanged = written(&world).await;

    assert_eq!(before, unchanged);
    nonsense.ends(3, "is no message");
    for (rehearsed, says) in rehearsed.iter().zip(["would go to", "would go to", "would be"]) {
        assert_eq!(rehearsed.code, 0, "{}", rehearsed.err);
        assert!(rehearsed.out.contains(says), "{}", rehearsed.out);
    }
    let redriven = postroom(&world, &[&redrive[..], &["--json"]].concat()).await.json();
    assert_eq!((&redriven["redrives"], &redriven["dry_run"]), (&json!(1), &json!(false)));
    typed(&world, &edit, &shown["body"]).await.ends(3, "not open");
    let discarded = postroom(&world, &discard).await;
    assert!(discarded.out.contains("is discarded: told by hand"), "{}", discarded.out);
    let open = postroom(&world, &[LETTERS, "list"]).await;
    assert_eq!(open.out, "0 letters\n");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_that_looks_says_the_same_as_text_and_as_json() {
    let world = World::start().await;
    with_two_letters(&world).await;
    let letter = letter_of(&world, "sync-statistics").await;
    let shown = postroom(&world, &[LETTERS, "show", &letter, "--json"]).await.json();
    let event = shown["message_id"].as_str().unwrap();

    for (verb, named) in [
        (vec![LETTERS, "list"], vec!["/items/0/id", "/items/1/id", "/items/0/reason"]),
        (vec![LETTERS, "list", "--limit", "1"], vec!["/items/0/id", "/next"]),
        (vec![LETTERS, "groups"], vec!["/groups/0/fingerprint", "/groups/1/reason"]),
        (
            vec![LETTERS, "show", &letter],
            vec!["/id", "/reason", "/correlation_id", "/code_version"],
        ),
        (vec!["chain", "the-launch"], vec!["/roots/0/name", "/roots/0/children/0/name"]),
        (vec!["why", event, "--chain", "the-launch"], vec!["/0/name", "/1/name"]),
        (vec!["why", &letter], vec!["/0/name", "/1/name"]),
        (vec!["queues"], vec!["/queues/0/queue", "/queues/1/queue"]),
    ] {
        let json = postroom(&world, &[&verb[..], &["--json"]].concat()).await.json();
        let text = postroom(&world, &verb).await;

        assert_eq!(text.code, 0, "{verb:?}: {}", text.err);
        for name in named {
            let told = json.pointer(name).and_then(Value::as_str);
            let told = told.unwrap_or_else(|| panic!("{verb:?} has no {name}: {json:#}"));
            assert!(text.out.contains(told), "{verb:?}: no {told} in {}", text.out);
        }
    }
    let second = postroom(&world, &[LETTERS, "list", "--limit", "1", "--json"]).await.json();
    let next = second["next"].as_str().unwrap();
    let rest = postroom(&world, &[LETTERS, "list", "--cursor", next, "--json"]).await.json();
    assert_ne!(rest["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    postroom(&world, &["chain", "the-launch", "--tenant", "rival"]).await.ends(3, "no chain");
    let unknown = SOME_EVENT;
    postroom(&world, &["why", unknown, "--chain", "the-launch"]).await.ends(3, "has no event");
    postroom(&world, &["why", unknown]).await.ends(2, "correlation id");
    world.stop().await;
}

const SOME_EVENT: &str = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_names_where_and_what_to_try_and_is_json_when_that_is_asked_for() {
    let world = World::start().await;
    let url = world.system().aws_url();

    let elsewhere = ["queues", "--stack", "elsewhere", "--region", "eu-west-1"];
    let text = postroom(&world, &elsewhere).await;
    let told = postroom(&world, &[&elsewhere[..], &["--json"]].concat()).await;
    let unsuited = postroom(&world, &["queues", "--handler", "x", "--json"]).await;
    let nobody = postroom(&world, &[LETTERS, "show", "nobody#nothing", "--json"]).await;
    let on_aws = run(tool(&["queues"]).await).await;
    let there = ["chain", "a", "--stack", "shop", "--region", "eu-west-1"];
    let nameless = run(tool(&there).await).await;
    let mut whose = tool(&there).await;
    whose.envs([("AWS_ACCESS_KEY_ID", "any"), ("AWS_SECRET_ACCESS_KEY", "any")]);
    let whose = run(whose).await;
    let mut by_variable = tool(&[LETTERS, "list"]).await;
    by_variable.env("AWS_ENDPOINT_URL", &url);
    let by_variable = run(by_variable).await;

    text.ends(1, &format!("stack elsewhere at {url}"));
    text.ends(1, "--stack, --region");
    for (ran, code, reason) in [
        (&told, 1, "stack elsewhere"),
        (&unsuited, 2, "`queues` takes no --handler"),
        (&nobody, 3, "no dead letter nobody#nothing"),
    ] {
        ran.ends(code, reason);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["error"]["exit_code"], code);
        assert!(document["error"]["reason"].as_str().unwrap().contains(reason), "{document:#}");
    }
    on_aws.ends(2, "--stack is missing");
    nameless.ends(1, "AWS_ACCESS_KEY_ID");
    whose.ends(2, "--tenant is missing");
    assert_eq!(by_variable.out, "0 letters\n", "{}", by_variable.err);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_decides_is_whoever_says_so_or_whose_terminal_it_is() {
    let world = World::start().await;
    with_two_letters(&world).await;
    let url = world.system().aws_url();

    for (handler, by, who) in
        [("sync-statistics", None, "eve"), ("sync-campaign", Some("ann"), "ann")]
    {
        let id = letter_of(&world, handler).await;
        let mut discard = tool(&[LETTERS, "discard", &id, "--reason", "a test"]).await;
        discard.args(["--endpoint", &url]).env("USER", "eve");
        discard.args(by.iter().flat_map(|by| ["--by", by]));
        assert_eq!(run(discard).await.code, 0);

        let shown = postroom(&world, &[LETTERS, "show", &id]).await;
        assert!(
            shown.out.contains(&format!("discard-dead-letter by {who}: a test")),
            "{}",
            shown.out
        );
    }
    world.stop().await;
}

/// The tool with a text on its standard input.
async fn typed(world: &World, arguments: &[&str], text: &Value) -> Ran {
    let mut command = tool(arguments).await;
    command.args(["--endpoint", &world.system().aws_url(), "--by", "ann"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(text.as_str().unwrap().as_bytes()).await.unwrap();
    drop(stdin);
    Ran::of(running.wait_with_output().await.unwrap())
}
