//! Mail over HTTP, SQS, DynamoDB and SES: from the sign-up to the mailbox.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World, WorldOptions};

/// How long anything may take here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

async fn signs_up(world: &World, body: &Value) -> Reply {
    world.send(world.request(Method::POST, "/users").json(body)).await
}

/// The mail to an address, when there is as much.
async fn mail_to(world: &World, to: &str, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let mail = world.mailbox(to).await;
        if mail.len() >= count {
            return mail;
        }
        assert!(began.elapsed() < PATIENCE, "{mail:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The one message that was parked, once there is one.
async fn parked(world: &World) -> Value {
    let began = Instant::now();
    loop {
        let letters = world.get("/ops/dead-letters").await.expect(200);
        if let [letter] = letters.items() {
            return letter.clone();
        }
        assert!(began.elapsed() < PATIENCE, "{:#}", letters.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn ann() -> Value {
    json!({ "email": "ann@example.com", "name": "Ann" })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_up_is_sent_one_welcome_however_often_that_is_published() {
    let parameters = vec![("UnsubscribeUrl", "https://example.com/unsubscribe".to_owned())];
    let world = World::with(WorldOptions { parameters, ..WorldOptions::default() }).await;
    let body =
        json!({ "email": "ann@example.com", "name": "<script>alert(1)</script>", "plan": "pro" });
    let user = signs_up(&world, &body).await.expect(201).text("/id");
    let [mail] = mail_to(&world, "ann@example.com", 1).await.try_into().unwrap();

    // One more event of the same sign-up, twice.
    let message = tests::fixture("sqs/send-notifications.json")["Records"][0]["body"].take();
    let mut message: Value = serde_json::from_str(message.as_str().unwrap()).unwrap();
    message["data"]["user_id"] = json!(user);
    for _ in 0..2 {
        world.enqueue("send-notifications", &message.to_string()).await;
    }
    world.drained("send-notifications").await;

    assert_eq!(world.mailbox("ann@example.com").await.len(), 1);
    assert_eq!(
        (&mail["fate"], &mail["from"]),
        (&json!("delivered"), &json!("Postroom <no-reply@example.com>"))
    );
    assert_eq!(mail["subject"], "Welcome, <script>alert(1)</script>");
    let html = mail["html"].as_str().unwrap();
    assert!(
        html.contains("Hello &lt;script&gt;alert(1)&lt;/script&gt;,") && !html.contains("<script")
    );
    assert!(mail["text"].as_str().unwrap().contains("You are on the plan pro."));
    let url = format!("<https://example.com/unsubscribe?tenant=demo&user={user}>");
    assert_eq!(mail["headers"]["List-Unsubscribe"], url);
    assert_eq!(mail["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_invited_a_user_is_told_and_whose_mail_bounced_is_written_to_no_more() {
    let world = World::start().await;
    let bounces = "bounce@simulator.amazonses.com";
    let bob = json!({ "email": bounces, "name": "Bob" });
    let bob = signs_up(&world, &bob).await.expect(201).text("/id");
    mail_to(&world, bounces, 1).await;

    let mut body = ann();
    body["invited_by"] = json!(bob);
    signs_up(&world, &body).await.expect(201);

    let to_bob = mail_to(&world, bounces, 2).await;
    let fates: Vec<_> = to_bob.iter().map(|mail| (&mail["subject"], &mail["fate"])).collect();
    assert_eq!(
        fates,
        [
            (&json!("Welcome, Bob"), &json!("bounced")),
            (&json!("Ann has joined"), &json!("suppressed"))
        ]
    );
    assert_eq!(mail_to(&world, "ann@example.com", 1).await[0]["subject"], "Welcome, Ann");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_not_taken_now_is_sent_later_and_once() {
    let world = World::start().await;
    for status in [400, 503] {
        let fault = json!({"service": "ses", "action": "SendEmail", "times": 1, "status": status});
        world.aws_fault(fault).await;
    }

    signs_up(&world, &ann()).await.expect(201);

    assert_eq!(mail_to(&world, "ann@example.com", 1).await.len(), 1);
    assert_eq!(world.aws_calls().await["send-notifications"]["ses.SendEmail"], 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_may_have_been_sent_is_parked_and_not_sent_again() {
    let world = World::start().await;
    let fault = json!({"service": "ses", "action": "SendEmail", "times": 1, "drop_response": true});
    world.aws_fault(fault).await;

    signs_up(&world, &ann()).await.expect(201);

    let letter = parked(&world).await;
    world.drained("send-notifications").await;
    assert_eq!((&letter["class"], &letter["attempts"]), (&json!("permanent"), &json!(1)));
    assert!(letter["reason"].as_str().unwrap().contains("may have been sent"), "{letter:#}");
    assert_eq!(world.mailbox("ann@example.com").await.len(), 1);
    assert_eq!(world.aws_calls().await["send-notifications"]["ses.SendEmail"], 1);
    world.stop().await;
}

/// The worker dies when SES has the mail, and before that is written down.
#[tokio::test(flavor = "multi_thread")]
async fn mail_of_a_worker_that_died_is_parked_and_not_sent_again() {
    // What a dead one held comes back sooner; with less time it would not begin a mail.
    let template =
        vec![("Timeout: 30", "Timeout: 14"), ("VisibilityTimeout: 180", "VisibilityTimeout: 15")];
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;
    let fault =
        json!({"service": "ses", "action": "SendEmail", "times": 1, "kill_caller": "after"});
    world.aws_fault(fault).await;

    signs_up(&world, &ann()).await.expect(201);

    let letter = parked(&world).await;
    world.drained("send-notifications").await;
    assert_eq!(letter["class"], "permanent");
    assert!(letter["reason"].as_str().unwrap().contains("ended without a trace"), "{letter:#}");
    assert_eq!(world.mailbox("ann@example.com").await.len(), 1);
    world.stop().await;
}

/// SES refuses a sender that it cannot read: as it does any mail that is none.
#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_rejected_is_parked_and_not_tried_again() {
    let template = vec![("Postroom <no-reply@${MailDomain}>", "Postroom <nobody>")];
    let world = World::with(WorldOptions { template, ..WorldOptions::default() }).await;

    signs_up(&world, &ann()).await.expect(201);

    let letter = parked(&world).await;
    world.drained("send-notifications").await;
    assert_eq!((&letter["class"], &letter["attempts"]), (&json!("permanent"), &json!(1)));
    assert!(letter["reason"].as_str().unwrap().contains("rejected"), "{letter:#}");
    assert!(world.mailbox("ann@example.com").await.is_empty());
    assert_eq!(world.aws_calls().await["send-notifications"]["ses.SendEmail"], 1);
    world.stop().await;
}
