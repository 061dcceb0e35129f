//! Orders sent again under one `Idempotency-Key`, because nobody knows what became of them, or twice at the same time.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tests::{Reply, World, fixture};
use tokio::task::JoinSet;

const TWINS: usize = 8;

fn create(world: &World, key: &str) -> RequestBuilder {
    let request = world.request(Method::POST, "/campaigns").header("idempotency-key", key);
    request.json(&fixture("http/create_campaign.json"))
}

fn was_replayed(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == "true"
}

async fn kill_the_api(world: &World, service: &str, action: &str, when: &str) {
    let fault = json!({"service": service, "action": action, "function": "api", "times": 1,
        "kill_caller": when});
    world.aws_fault(fault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_is_answered_when_it_is_sent_again_and_nothing_is_written_twice()
 {
    let world = World::start().await;
    kill_the_api(&world, "dynamodb", "TransactWriteItems", "after").await;
    world.send(create(&world, "order-4711")).await.expect(500);
    let committed = world.tables().await;

    let again = world.send(create(&world, "order-4711")).await.expect(201);

    assert!(was_replayed(&again));
    assert_eq!(world.tables().await, committed);
    let listed = world.get("/campaigns").await.expect(200);
    assert_eq!(listed.items(), std::slice::from_ref(&again.body));
    assert_eq!(again.header("location"), format!("/campaigns/{}", again.text("/id")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_answer_was_lost_is_not_refused_when_it_is_sent_again() {
    let world = World::start().await;
    let id = world.draft().await;
    let publish = || {
        let request = world.request(Method::POST, &format!("/campaigns/{id}/publish"));
        request.header("idempotency-key", "launch")
    };
    kill_the_api(&world, "dynamodb", "TransactWriteItems", "after").await;
    world.send(publish()).await.expect(500);

    let again = world.send(publish()).await.expect(200);

    assert!(was_replayed(&again));
    assert_eq!((again.text("/status").as_str(), &again.body["version"]), ("published", &json!(2)));
    // Its messages were never handed over by the process that died; the relay sends them.
    world.fired_until("relay-outbox", &format!("/campaigns/{id}/statistics"), 200).await;
    assert_eq!(world.figures_asked(&id).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_never_committed_is_done_when_it_is_sent_again() {
    let world = World::start().await;
    kill_the_api(&world, "dynamodb", "TransactWriteItems", "before").await;
    world.send(create(&world, "order-4711")).await.expect(500);

    let again = world.send(create(&world, "order-4711")).await.expect(201);

    assert!(!was_replayed(&again));
    assert_eq!(world.get("/campaigns").await.expect(200).items().len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twins_at_the_same_time_one_is_done_and_the_others_get_its_answer() {
    let world = World::start().await;
    let mut twins = JoinSet::new();
    for _ in 0..TWINS {
        twins.spawn(create(&world, "order-4711").send());
    }

    let mut answers = Vec::new();
    while let Some(answer) = twins.join_next().await {
        answers.push(Reply::read(answer.unwrap().unwrap()).await.expect(201));
    }

    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| !was_replayed(answer)).count(), 1);
    assert_eq!(world.table("journal").await.len(), 1);
    world.stop().await;
}
