//! The feed of what happened, over the real processes.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{OWNER, World};

use crate::operator::postroom;
use crate::rebuild::deposit;

/// More than all pages of any feed here.
const MAX_PAGES: usize = 100;

fn id(item: &Value) -> String {
    item["event_id"].as_str().unwrap().to_owned()
}

/// The events of the journal that are to be in the feed of a tenant.
async fn journaled(world: &World, tenant: &str) -> BTreeSet<String> {
    let journal = world.table("journal").await;
    let of_tenant = journal.iter().filter(|item| {
        let stream = item["stream"]["S"].as_str().unwrap();
        stream.starts_with(&format!("{tenant}#")) && !stream.contains("#contacts/")
    });
    let envelopes = of_tenant.map(|item| item["envelope"]["S"].as_str().unwrap());
    let events = envelopes.map(|envelope| serde_json::from_str::<Value>(envelope).unwrap());
    events.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// The feed, page by page; between two pages something is done.
async fn read(world: &World, query: &str, between: impl AsyncFn(usize)) -> Vec<Value> {
    let (mut items, mut cursor, mut page) = (Vec::new(), String::new(), 0);
    loop {
        let reply = world.get(&format!("/activity?{query}{cursor}")).await.expect(200);
        items.extend_from_slice(reply.items());
        let Some(next) = reply.body["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
        between(page).await;
        page += 1;
        assert!(page < MAX_PAGES, "the feed does not end");
    }
}

async fn feed(world: &World, query: &str) -> Vec<Value> {
    read(world, query, async |_| ()).await
}

/// Waits until the feed of the acting tenant has all that the journal has of it.
async fn followed(world: &World, tenant: &str) -> BTreeSet<String> {
    let expected = journaled(world, tenant).await;
    let all = |shown: &tests::Reply| shown.items().len() == expected.len();
    let shown = world.until("/activity?limit=100", all).await;
    let shown: BTreeSet<_> = shown.items().iter().map(id).collect();
    assert_eq!(shown, expected);
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_feed_join_while_events_arrive() {
    let world = World::start().await;
    let mut campaigns = Vec::new();
    for _ in 0..9 {
        campaigns.push(world.draft().await);
    }
    let there = followed(&world, "demo").await;

    let read = read(&world, "limit=2", async |page| {
        world.post(&format!("/campaigns/{}/publish", campaigns[page])).await.expect(200);
        world.draft().await;
    })
    .await;
    let after = followed(&world, "demo").await;

    let ids: Vec<_> = read.iter().map(id).collect();
    let once: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), once.len(), "one is there twice: {ids:?}");
    assert!(once.is_superset(&there), "one is skipped: {ids:?}");
    let times: Vec<_> = read.iter().map(|item| item["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    // Whoever begins anew meets what arrived meanwhile.
    assert!(after.len() > there.len() + 4, "{} of {}", after.len(), there.len());
    let again: BTreeSet<_> = feed(&world, "limit=7").await.iter().map(id).collect();
    assert_eq!(again, followed(&world, "demo").await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_its_tenants_and_has_all_that_happened_but_to_contacts() {
    let mut world = World::start().await;
    let published = world.published().await;
    world.eventually(&format!("/campaigns/{published}/statistics"), 200).await;
    deposit(&world, &world.account(OWNER).await, 1).await;
    let contact = json!({ "email": "ann@example.com", "name": "Ann" });
    world.send(world.request(Method::POST, "/contacts").json(&contact)).await.expect(201);
    let report = json!({ "kind": "import_summary", "format": "csv" });
    let report = world.send(world.request(Method::POST, "/reports").json(&report)).await;
    let report = report.expect(202).text("/id");
    world.until(&format!("/reports/{report}"), |it| it.text("/status") == "completed").await;
    followed(&world, "demo").await;

    let types = async |query: &str| {
        let items = feed(&world, query).await;
        let r#type = |item: &Value| item["event_type"].as_str().unwrap().to_owned();
        items.iter().map(r#type).collect::<Vec<_>>()
    };

    assert_eq!(types("type=contact.*").await, [""; 0]);
    assert_eq!(types("type=account.*").await, ["account.opened"]);
    let reports = ["report.completed", "report.started", "report.requested"];
    assert_eq!(types("type=report.*&limit=1").await, reports);
    assert_eq!(types(&format!("subject=reports/{report}&limit=2")).await, reports);
    let steps = ["campaign.published", "campaign.created"];
    assert_eq!(types(&format!("subject=campaigns/{published}")).await, steps);
    let all = feed(&world, "limit=100").await;
    let from = all[3]["at"].as_str().unwrap();
    let later = feed(&world, &format!("limit=1&from={from}")).await;
    assert!(later.len() > 3 && later.iter().all(|item| item["at"].as_str().unwrap() >= from));
    world.act_as("rival").await;
    assert_eq!(feed(&world, "limit=100").await, [Value::Null; 0]);
    assert_eq!(feed(&world, &format!("subject=campaigns/{published}")).await, [Value::Null; 0]);
    world.draft().await;
    assert_eq!(followed(&world, "rival").await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_was_lost_is_rebuilt_from_the_journal() {
    let world = World::start().await;
    let id = world.published().await;
    deposit(&world, &world.account(OWNER).await, 1).await;
    world.eventually(&format!("/campaigns/{id}/statistics"), 200).await;
    followed(&world, "demo").await;
    let before = feed(&world, "limit=100").await;
    for item in world.table("state").await {
        if item["pk"]["S"].as_str().unwrap().contains("activity@1") {
            let key = json!({ "pk": item["pk"], "sk": item["sk"] });
            let request = json!({ "TableName": "local-state", "Key": key });
            world.aws("DynamoDB_20120810", "DeleteItem", request).await;
        }
    }
    assert_eq!(feed(&world, "limit=100").await, [Value::Null; 0]);

    postroom(&world, &["projections", "rebuild", "activity", "--json"]).await.json();
    // A race that was lost too often ends a walk, and the next goes on.
    for _ in 0..10 {
        world.system().fire("project-views").await.unwrap();
        if world.get("/ops/projections/activity").await.expect(200).body["live"] == 2 {
            break;
        }
    }

    assert_eq!(feed(&world, "limit=100").await, before);
    assert_eq!(feed(&world, &format!("subject=campaigns/{id}")).await.len(), 2);
    let verified = postroom(&world, &["projections", "verify", "activity", "--json"]).await;
    assert_eq!((verified.code, &verified.json()["build"]), (0, &json!(2)), "{}", verified.err);
    world.stop().await;
}
