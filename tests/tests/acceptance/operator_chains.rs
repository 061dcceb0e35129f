//! Long chains, as the operator's tool and the API read them from tables of many pages.

use serde_json::{Value, json};
use tests::World;

use crate::operator::{postroom, with_two_letters};

/// Events that together draw more than Lambda may answer.
const EVENTS: usize = 1_500;
/// What one listener of each has to say.
const REASON: usize = 2_000;
/// What Lambda may answer, the body as a string.
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, from memory 2026-11-22.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

/// Writes copies of the chain's event into the journal, later and later, each of a stream of its own; the id of the last.
async fn events(world: &World) -> String {
    let journal = world.table("journal").await;
    let event = journal.iter().find(|item| item.to_string().contains("campaign.published"));
    let event = event.unwrap();
    let mut envelope: Value =
        serde_json::from_str(event["envelope"]["S"].as_str().unwrap()).unwrap();
    let (mut copies, mut id) = (Vec::new(), String::new());
    for number in 0..EVENTS {
        id = format!("00000000-0000-4000-8000-{number:012}");
        envelope["id"] = json!(id);
        let mut copy = event.clone();
        copy["stream"] = json!({"S": format!("demo#copies/{number}")});
        copy["envelope"] = json!({"S": envelope.to_string()});
        copy["time"] = json!({"S": format!("2999-01-01T00:00:00.{number:06}Z#01#0000000002#{id}")});
        copy["in_request"]["L"][0]["M"]["skipped"] = json!({"S": "x".repeat(REASON)});
        copies.push(json!({"PutRequest": {"Item": copy}}));
    }
    for puts in copies.chunks(25) {
        let request = json!({"RequestItems": {"local-journal": puts}});
        world.aws("DynamoDB_20120810", "BatchWriteItem", request).await;
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_over_many_pages_is_answered_as_far_as_fits_and_drawn_whole_by_the_tool() {
    let world = World::start().await;
    with_two_letters(&world).await;
    let last = events(&world).await;

    let reply = world.get("/ops/chains/the-launch").await.expect(200).body;
    let drawn = postroom(&world, &["chain", "the-launch"]).await;
    let why = postroom(&world, &["why", &last, "--chain", "the-launch"]).await;

    let answer = Value::from(reply.to_string()).to_string().len();
    assert!(answer < LARGEST_ANSWER && answer > LARGEST_ANSWER / 2, "{answer} bytes");
    assert_eq!(reply["truncated"], true);
    assert!(reply["drawing"].as_str().unwrap().ends_with("longer than what is shown\n"));
    assert_eq!(drawn.out.matches("campaign.published").count(), 1 + EVENTS);
    assert!(!drawn.out.contains("the chain is longer"), "the tool has no such limit");
    assert!(why.out.contains(&last), "{}{}", why.out, why.err);
    world.stop().await;
}
