//! Reports: taken up, written by pages, and done once, whatever fails on the way.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::MemoryObjects;
use postroom::{Disposition, Worker};
use serde_json::{Value, json};

use super::world::World;
use crate::ReportId;
use crate::reports::jobs::GenerateReports;
use crate::reports::{CreateReport, ReportInput, ReportStatus, ReportView, get_report};
use crate::statistics::jobs::SyncStatistics;

/// A world, the worker of reports, and where they are put.
struct Bench {
    world: World,
    objects: MemoryObjects,
    worker: Worker,
}

impl Bench {
    fn new() -> Self {
        let (world, objects) = (World::with_plan(1_000), MemoryObjects::default());
        let worker = world.reporter(Arc::new(objects.clone()));
        Self { world, objects, worker }
    }

    async fn ask(&self, input: Value) -> ReportId {
        self.world.wait(Duration::from_millis(1));
        let input: ReportInput = serde_json::from_value(input).unwrap();
        let command = CreateReport::try_from(input).unwrap();
        self.world.execute(&command).await.unwrap().id
    }

    async fn view(&self, id: ReportId) -> ReportView {
        get_report(&self.world.reader(), id).await.unwrap()
    }

    /// Delivers the latest message to the worker.
    async fn deliver(&self) -> Disposition {
        let sent = self.world.queue.sent(GenerateReports::NAME);
        self.world.deliver_to(&self.worker, &sent.last().unwrap().body).await
    }

    /// The report, as CSV without its header.
    async fn made(&self, input: Value) -> Vec<Vec<String>> {
        let id = self.ask(input).await;
        assert_eq!(self.deliver().await, Disposition::Acknowledge);
        assert_eq!(self.deliver().await, Disposition::Acknowledge);
        let view = self.view(id).await;
        assert_eq!((view.status, view.reason.as_deref()), (ReportStatus::Completed, None));
        let rows = self.rows(id);
        assert_eq!(view.rows, Some(rows.len() as u64));
        rows
    }

    fn rows(&self, id: ReportId) -> Vec<Vec<String>> {
        let body = self.objects.body(&format!("reports/demo/{id}.csv").parse().unwrap()).unwrap();
        let mut reader = csv::Reader::from_reader(&body[..]);
        let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
        reader.records().map(|found| row(found.unwrap())).collect()
    }
}

fn campaigns() -> Value {
    json!({ "kind": "campaign_performance", "format": "csv" })
}

#[tokio::test]
async fn a_report_waits_runs_and_is_completed_once() {
    let bench = Bench::new();
    bench.world.create().await;

    let id = bench.ask(campaigns()).await;
    let waiting = bench.view(id).await.status;
    bench.deliver().await;
    let running = bench.view(id).await.status;
    bench.deliver().await;
    let completed = bench.view(id).await;
    bench.deliver().await;

    assert_eq!((waiting, running), (ReportStatus::Waiting, ReportStatus::Running));
    assert_eq!((completed.status, completed.rows), (ReportStatus::Completed, Some(1)));
    assert_eq!(bench.view(id).await, completed);
    let events = bench.world.events();
    assert_eq!(
        events.iter().filter(|event| event.starts_with("report.")).collect::<Vec<_>>(),
        ["report.requested", "report.started", "report.completed"]
    );
}

#[tokio::test]
async fn each_of_many_campaigns_stands_beside_its_own_figures() {
    let bench = Bench::new();
    let mut expected = Vec::new();
    for number in 0..230 {
        let id = bench.world.create().await;
        let is_published = number % 3 == 0;
        if is_published {
            bench.world.publish(id).await.unwrap();
        }
        expected.push((id.to_string(), is_published));
    }
    // Each third of those has no figures yet.
    let due = bench.world.queue.sent(SyncStatistics::NAME);
    let mut synced = 0;
    for (number, message) in due.iter().enumerate() {
        if number % 3 != 0 {
            bench.world.deliver(&message.body).await;
            synced += 1;
        }
    }

    let rows = bench.made(campaigns()).await;

    let mut published = 0;
    for (row, (id, is_published)) in rows.iter().zip(&expected) {
        assert_eq!(&row[0], id);
        let has_figures = *is_published && published % 3 != 0;
        published += usize::from(*is_published);
        assert_eq!(!row[8].is_empty(), has_figures, "{row:?}");
    }
    assert_eq!((rows.len(), published - published.div_ceil(3)), (230, synced));
}

#[tokio::test]
async fn a_statement_has_what_was_booked_when_it_was_asked_for_and_waits_for_its_view() {
    let bench = Bench::new();
    let account_id = bench.world.opened().await;
    bench.world.pay_in(account_id, 5_000).await;

    let id = bench
        .ask(json!({ "kind": "account_statement", "account_id": account_id, "format": "csv" }))
        .await;
    bench.deliver().await;
    let behind = bench.deliver().await;
    let waiting = bench.view(id).await.status;
    bench.world.pay_in(account_id, 700).await;
    bench.world.project().await;
    bench.world.wait(Duration::from_hours(1));
    let there = bench.deliver().await;

    assert!(matches!(behind, Disposition::Redeliver { .. }), "{behind:?}");
    assert_eq!((waiting, there), (ReportStatus::Running, Disposition::Acknowledge));
    let rows = bench.rows(id);
    assert_eq!((rows.len(), &*rows[0][4], &*rows[0][3]), (1, "5000", "deposit"));
}

#[tokio::test]
async fn a_statement_of_a_time_has_all_of_it_wherever_it_begins() {
    let bench = Bench::new();
    let account_id = bench.world.opened().await;
    let statement = |more: Value| {
        let mut input =
            json!({ "kind": "account_statement", "account_id": account_id, "format": "csv" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for number in 1..=260 {
        bench.world.pay_in(account_id, number).await;
        bench.world.wait(Duration::from_mins(7));
    }
    bench.world.project().await;

    let all = bench.made(statement(json!({}))).await;

    assert_eq!(all.len(), 260);
    for (first, end) in [(0, 10), (1, 1 + 101), (113, 260), (259, 260), (120, 121)] {
        let mut range = json!({ "from": all[first][2] });
        if let Some(behind) = all.get(end) {
            range["to"] = json!(behind[2]);
        }
        let some = bench.made(statement(range)).await;
        assert!(some == all[first..end], "{first}..{end}: {}", some.len());
    }
    let none = json!({ "from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z" });
    assert_eq!(bench.made(statement(none)).await.len(), 0);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_reached_is_tried_again_and_then_given_up() {
    let bench = Bench::new();
    let (one, attempts) = (bench.ask(campaigns()).await, 5);
    bench.deliver().await;

    bench.objects.fail(1);
    let failed = bench.deliver().await;
    bench.world.wait(Duration::from_hours(1));
    let again = bench.deliver().await;
    let other = bench.ask(campaigns()).await;
    bench.deliver().await;
    bench.objects.fail(attempts);
    for _ in 0..attempts {
        bench.deliver().await;
        bench.world.wait(Duration::from_hours(1));
    }

    assert!(matches!(failed, Disposition::Redeliver { .. }), "{failed:?}");
    assert_eq!(again, Disposition::Acknowledge);
    assert_eq!(bench.view(one).await.status, ReportStatus::Completed);
    let other = bench.view(other).await;
    assert_eq!(other.status, ReportStatus::Failed);
    assert!(other.reason.unwrap().contains("a fault of ours"));
    assert_eq!(bench.world.memory.dead_letters().len(), 1);
}

#[tokio::test]
async fn a_report_on_what_there_is_not_fails_and_is_nobodys_work() {
    let bench = Bench::new();
    let nowhere = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";
    let mut input = campaigns();
    input["campaign_ids"] = json!([bench.world.create().await, nowhere]);

    let id = bench.ask(input).await;
    bench.deliver().await;
    bench.deliver().await;

    let view = bench.view(id).await;
    assert_eq!(view.status, ReportStatus::Failed);
    assert_eq!(view.reason.unwrap(), format!("there is no campaign {nowhere}"));
    assert!(bench.world.memory.dead_letters().is_empty());
    assert_eq!(bench.objects.body(&format!("reports/demo/{id}.csv").parse().unwrap()), None);
}
