//! Replays by the operator's tool: rehearsed, begun, looked at, called off and refused.

use serde_json::{Value, json};
use tests::World;

use crate::operator::{Ran, postroom};

const SYNC: &str = "sync-statistics";

/// Two campaigns that are published and have their figures, and the first of them.
async fn with_two_published(world: &World) -> String {
    let (first, second) = (world.published().await, world.published().await);
    for id in [&first, &second] {
        world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    }
    world.settled(std::time::Duration::from_secs(20)).await;
    first
}

async fn told(world: &World, arguments: &[&str]) -> Value {
    postroom(world, &[arguments, &["--json"]].concat()).await.json()
}

/// Of what failed, its code.
fn code(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["error"]["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_a_replay_counts_what_is_meant_and_writes_nothing() {
    let world = World::start().await;
    let campaign = with_two_published(&world).await;
    let before = world.tables().await;
    let events = world.table("journal").await.len();

    let all = told(&world, &["replay", SYNC, "--dry-run"]).await;
    let stream = format!("campaigns/{campaign}");
    let one = ["--tenant", "demo", "--stream", &stream, "--type", "campaign.*"];
    let one = told(&world, &[&["replay", SYNC, "--dry-run", "--again"], &one[..]].concat()).await;
    let nobody = told(&world, &["replay", SYNC, "--dry-run", "--tenant", "rival"]).await;
    let early = ["replay", SYNC, "--dry-run", "--before", "2026-01-31T00:00:00Z"];
    let early = postroom(&world, &early).await;

    assert_eq!(all["counts"]["read"], events);
    assert_eq!((&all["counts"]["matched"], &all["counts"]["sent"]), (&json!(2), &json!(2)));
    assert_eq!((&all["dry_run"], &all["next"]), (&json!(true), &Value::Null));
    assert_eq!((&one["counts"]["matched"], &one["counts"]["sent"]), (&json!(1), &json!(1)));
    assert!(one["counts"]["read"].as_u64() < all["counts"]["read"].as_u64(), "{one}");
    assert_eq!(
        (&nobody["counts"]["read"], &nobody["counts"]["matched"]),
        (&json!(events), &json!(0))
    );
    let counts = format!("read {events}, matched 0: would be sent 0, reacted in the request 0");
    assert!(early.out.contains(&counts), "{}{}", early.out, early.err);
    assert_eq!(world.tables().await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_begun_looked_at_and_called_off() {
    let world = World::start().await;
    with_two_published(&world).await;

    let slowly = ["replay", SYNC, "--type", "campaign.*", "--per-minute", "6", "--again"];
    let begun = told(&world, &slowly).await;
    let id = begun["id"].as_str().unwrap();
    let second = postroom(&world, &["replay", SYNC, "--json"]).await;
    let other = told(&world, &["replay", "sync-campaign"]).await;
    let shown = postroom(&world, &["replays", "show", id]).await;
    let newest = told(&world, &["replays", "list", "--limit", "1"]).await;
    let next = newest["next"].as_str().unwrap();
    let rest = told(&world, &["replays", "list", "--cursor", next]).await;
    let listed = postroom(&world, &["replays", "list"]).await;
    let cancelled = told(&world, &["replays", "cancel", id]).await;
    let over = postroom(&world, &["replays", "cancel", id, "--json"]).await;
    let after = told(&world, &["replays", "show", id]).await;

    assert_eq!((&begun["state"], &begun["handler"]), (&json!("running"), &json!(SYNC)));
    assert_eq!((&begun["per_minute"], &begun["again"]), (&json!(6), &json!(true)));
    assert_eq!((&begun["actor_id"], &begun["dry_run"]), (&json!("ann"), &json!(false)));
    second.ends(3, &format!("replay {id} sends to {SYNC} now"));
    second.ends(3, "it is refused as replay-running");
    assert_eq!(code(&second), "replay-running");
    for told in [
        &*format!("{id}  running  to {SYNC}, 6 a minute at most"),
        "by ann; whatever was done before",
        "events of campaign.*, before ",
        "read 0, matched 0: sent 0, reacted in the request 0, forgotten 0, not replayable 0",
    ] {
        assert!(shown.out.contains(told), "no {told} in {}{}", shown.out, shown.err);
    }
    assert_eq!(newest["items"][0]["id"], other["id"]);
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(id), &Value::Null));
    assert!(listed.out.contains(id) && listed.out.ends_with("2 replays\n"), "{}", listed.out);
    assert_eq!((&cancelled["state"], &after), (&json!("cancelled"), &cancelled));
    over.ends(3, &format!("replay {id} is over"));
    assert_eq!(code(&over), "replay-not-running");
    let begun = told(&world, &["replay", SYNC]).await;
    assert_eq!(begun["state"], "running", "its handler is free again");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replayed_is_refused_with_its_code_begun_or_rehearsed() {
    let world = World::start().await;
    let before = world.tables().await;

    for (order, refused_as) in [
        (vec!["nobody"], "replay-no-such-handler"),
        (vec!["project-views"], "replay-of-read-models"),
        (vec![SYNC, "--type", "user.*"], "replay-no-such-type"),
        (vec![SYNC, "--stream", "campaigns/1"], "replay-stream-of-nobody"),
        (vec![SYNC, "--from", "2999-01-31T00:00:00Z"], "replay-no-period"),
        (vec!["send-notifications", "--again"], "replay-not-replayable"),
    ] {
        let replay = [&["replay"], &order[..], &["--json"]].concat();
        let begun = postroom(&world, &replay).await;
        let rehearsed = postroom(&world, &[&replay[..], &["--dry-run"]].concat()).await;

        for ran in [begun, rehearsed] {
            ran.ends(3, refused_as);
            assert_eq!(code(&ran), refused_as, "{replay:?}");
        }
    }
    for verb in ["show", "cancel"] {
        let unknown = postroom(&world, &["replays", verb, "nobody", "--json"]).await;
        unknown.ends(3, "there is no replay nobody");
        assert_eq!(code(&unknown), "replay-not-found");
    }
    for (order, option) in [
        (["--per-minute", "0"], "--per-minute: has to be 1-6000"),
        (["--per-minute", "6001"], "--per-minute: has to be 1-6000"),
        (["--before", "yesterday"], "--before: "),
        (["--tenant", "a\ttenant"], "--tenant: "),
        (["--queue", SYNC], "`replay` takes no --queue"),
    ] {
        postroom(&world, &[&["replay", SYNC], &order[..]].concat()).await.ends(2, option);
    }
    assert_eq!(world.tables_and_notes().await.0, before);
    world.stop().await;
}
