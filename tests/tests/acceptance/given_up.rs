//! What a queue gives up by itself is a dead letter like any other: it is listed, understood, and decided about.

use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};

/// What is received twice is given up, and what killed its worker comes again after 14 s. In a time-out of less than a
/// second more than its job needs a worker would not start any.
const SOON: [(&str, &str); 3] = [
    ("Timeout: 30", "Timeout: 12"),
    ("VisibilityTimeout: 180", "VisibilityTimeout: 14"),
    ("maxReceiveCount: 100", "maxReceiveCount: 2"),
];
const WORKERS: [&str; 2] = ["sync-campaign", "sync-statistics"];

/// The line that the collector writes about a message of a handler, and an alarm counts.
async fn collected(world: &World, handler: &str) -> Value {
    let is_its = |line: &Value| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("failed for good; parked") && line["handler"] == handler
    };
    world.wrote("collect-dead-letters", is_its).await
}

async fn letters(world: &World) -> Vec<Value> {
    let mut list = world.get("/ops/dead-letters").await.expect(200).body;
    list["items"].as_array_mut().unwrap().drain(..).collect()
}

async fn decide(world: &World, letter: &Value, action: &str, input: &Value) -> Reply {
    let id = letter["id"].as_str().unwrap().replace('#', "~");
    let path = format!("/ops/dead-letters/{id}/{action}");
    world.send(world.request(reqwest::Method::POST, &path).json(input)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_its_worker_on_each_receive_is_a_letter_and_done_once_when_it_is_redriven() {
    let world =
        World::with(WorldOptions { template: SOON.to_vec(), ..WorldOptions::default() }).await;
    for worker in WORKERS {
        let dies = json!({"service": "dynamodb", "action": "UpdateItem", "function": worker,
            "times": 2, "kill_caller": "before"});
        world.aws_fault(dies).await;
    }
    let id = world.draft().await;
    let publish = world.request(reqwest::Method::POST, &format!("/campaigns/{id}/publish"));
    world.send(publish.header("x-correlation-id", "the-launch")).await.expect(200);

    for worker in WORKERS {
        assert_eq!(collected(&world, worker).await["level"], "WARN");
    }
    let letters = letters(&world).await;
    let mut handlers: Vec<_> = letters.iter().map(|letter| &letter["handler"]).collect();
    handlers.sort_by_key(|handler| handler.as_str());
    assert_eq!(handlers, WORKERS);
    for letter in &letters {
        assert_eq!((&letter["queue"], &letter["attempts"]), (&letter["handler"], &json!(0)));
        assert_eq!(letter["correlation_id"], "the-launch");
        assert!(letter["reason"].as_str().unwrap().contains("its queue gave it up"), "{letter}");
    }
    assert!(world.provider_calls(&id).await.is_empty(), "they died before they called");

    for letter in &letters {
        decide(&world, letter, "redrive", &json!({})).await.expect(200);
    }

    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    let queues = ["sync-statistics", "sync-campaign.fifo"];
    for queue in queues.into_iter().chain(["sync-statistics-dlq", "sync-campaign-dlq.fifo"]) {
        world.drained(queue).await;
    }
    assert_eq!(world.provider_state(&id).await.body["status"], "published");
    assert_eq!(world.figures_asked(&id).await.len(), 1);
    assert_eq!(world.states_pushed(&id).await.len(), 1);
    let chain = world.get("/ops/chains/the-launch").await.text("/drawing");
    assert_eq!(chain.matches("done, redriven 1×").count(), 2, "{chain}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_worker_could_read_is_given_up_by_a_person() {
    let world = World::start().await;

    world.enqueue("sync-statistics-dlq", "no envelope").await;
    let line = collected(&world, "sync-statistics").await;

    world.drained("sync-statistics-dlq").await;
    let [letter] = letters(&world).await.try_into().unwrap();
    assert_eq!(letter["id"], line["dead_letter"]);
    assert_eq!((&letter["handler"], &letter["class"]), (&Value::Null, &json!("permanent")));
    decide(&world, &letter, "redrive", &json!({})).await.expect(409);
    decide(&world, &letter, "discard", &json!({"reason": "nonsense"})).await.expect(200);
    assert!(letters(&world).await.is_empty());
    world.stop().await;
}
