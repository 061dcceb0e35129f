//! Reports whose worker is killed while it writes them.

use serde_json::{Value, json};
use tests::{OWNER, Reply, World};

use crate::reporting::{asked, deposit, downloaded, over};

/// Moments to die at: an operation of S3, and whether `before` it reached S3 or `after`.
type Deaths = [(&'static str, &'static str)];

/// A report whose worker dies at each of these moments, one run after the other.
///
/// What a dead worker held comes back when the time-outs of its function have passed six times. Here its message is
/// delivered once more as soon as it is dead, which a queue may do as well; the run begins when the lease has ended.
async fn made_by_the_last_of(world: &World, deaths: &Deaths, input: &Value) -> Reply {
    for (action, when) in deaths {
        let fault = json!({ "service": "s3", "action": action, "function": "generate-reports",
            "times": 1, "kill_caller": when });
        world.aws_fault(fault).await;
    }
    let path = asked(world, input).await;
    for dead in (1..).take(deaths.len()) {
        world.callers_killed(dead).await;
        assert_eq!(world.get(&path).await.text("/status"), "running");
        let journal = world.table("journal").await;
        let envelopes = journal.iter().map(|item| item["envelope"]["S"].as_str().unwrap());
        let started = envelopes.into_iter().find(|envelope| envelope.contains("report.started"));
        world.enqueue("generate-reports", started.unwrap()).await;
    }
    let report = over(world, &path).await;

    let journal = world.table("journal").await;
    let completed = journal.iter().filter(|item| item.to_string().contains("report.completed"));
    assert_eq!(completed.count(), 1);
    assert_eq!(world.aws_heals().await["kill_caller"], deaths.len());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_while_it_writes_leaves_one_whole_report() {
    let world = World::start().await;
    let account = world.account(OWNER).await;
    deposit(&world, &account, "in-1", 5_000).await;
    let deaths = [("PutObject", "before"), ("PutObject", "after")];

    let input = json!({ "kind": "account_statement", "account_id": account, "format": "csv" });
    let report = made_by_the_last_of(&world, &deaths, &input).await;

    let (_, csv) = downloaded(&report).await;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains(",deposit,5000,5000,NZD,,in-1,"), "{csv}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_between_the_parts_of_a_report_leaves_it_whole() {
    let world = World::start().await;
    let mut expected = String::from(
        "campaign_id,name,channel,status,created_at,published_at,budget_minor,budget_currency,\
         impressions,clicks,spend_minor,spend_currency,synced_at\r\n",
    );
    // Two parts, as one has 5 MiB at least. Its rows are many or long: no client may send such names, so they are written
    // behind the API's back.
    for letter in "abcdefghijklmnopqr".chars() {
        let id = world.draft().await;
        let name = letter.to_string().repeat(350 * 1024);
        let update = json!({ "TableName": "local-state",
            "Key": { "pk": { "S": "demo#campaigns" }, "sk": { "S": id } },
            "UpdateExpression": "SET #data.#name = :name", "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": { "#data": "data", "#name": "name" },
            "ExpressionAttributeValues": { ":name": { "S": name } } });
        world.aws("DynamoDB_20120810", "UpdateItem", update).await;
        let campaign = world.get(&format!("/campaigns/{id}")).await.expect(200).body;
        let text = |path: &str| campaign.pointer(path).unwrap().as_str().unwrap().to_owned();
        let (channel, created_at) = (text("/channel"), text("/created_at"));
        let (amount, currency) = (&campaign["budget"]["amount_minor"], text("/budget/currency"));
        let row = format!("{id},{name},{channel},draft,{created_at},,{amount},{currency},,,,,\r\n");
        expected.push_str(&row);
    }
    let deaths = [
        ("UploadPart", "after"),
        ("CompleteMultipartUpload", "before"),
        ("CompleteMultipartUpload", "after"),
    ];

    let input = json!({ "kind": "campaign_performance", "format": "csv" });
    let report = made_by_the_last_of(&world, &deaths, &input).await;

    let (_, csv) = downloaded(&report).await;
    assert!(csv == expected, "{} bytes of {}", csv.len(), expected.len());
    let calls = world.aws_calls().await["generate-reports"].take();
    assert_eq!(calls["s3.UploadPart"], 1 + 3 * 2, "{calls:#}");
    world.stop().await;
}
