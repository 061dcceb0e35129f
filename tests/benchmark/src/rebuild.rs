//! How fast a read model is rebuilt, by the adapters of production over the embedded DynamoDB, and how that grows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use domain::ledger::{DepositMoney, Movement, OpenAccount};
use domain::{Currency, Money, PROJECT_VIEWS, Settings, projections, reactions};
use local::aws::{AwsEndpoint, AwsOptions, Killer};
use local::sqs::Sqs;
use local::template::Template;
use postroom::{Ids as _, Origin, Projector, Rebuilds, Runtime, SystemIds};
use postroom_aws::{Aws, Env};
use serde_json::Value;
use uuid::Uuid;

use crate::report::{Column, Row, Table};

/// The read model that is rebuilt: three rows change with each event, in two of which a stream's events meet.
const PROJECTION: &str = "account-view";
/// Events of one account, its opening included.
const OF_AN_ACCOUNT: u32 = 100;
/// Accounts of one owner, whose sum all of them move.
const OF_AN_OWNER: u32 = 10;
const COLUMNS: &[Column] = &[
    Column { key: "ratio", label: "× half", decimals: 2 },
    Column { key: "events_per_second", label: "events/s", decimals: 0 },
    Column { key: "calls_per_event", label: "calls/event", decimals: 2 },
    Column { key: "seconds", label: "s", decimals: 1 },
];

struct NobodyDies;

impl Killer for NobodyDies {
    fn functions(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn kill(&self, _: &str) {}
}

/// What a rebuild took.
struct Took {
    events: u64,
    seconds: f64,
    calls: f64,
}

/// Rebuilds the view of accounts over a journal of so many events, and over one of twice as many, each in tables of its own.
///
/// # Errors
/// The endpoint cannot be started, or does not do what it should.
pub fn measure(events: u32) -> anyhow::Result<Table> {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (half, all) = executor
        .block_on(async { anyhow::Ok((rebuilt(events).await?, rebuilt(2 * events).await?)) })?;
    let ratio = all.seconds / half.seconds;
    Ok(Table {
        figure: "rebuild",
        title: "rebuilding a read model, 1 walker, embedded DynamoDB; linear is 2 × half"
            .to_owned(),
        columns: COLUMNS,
        rows: vec![row(&half, None), row(&all, Some(ratio))],
    })
}

fn row(took: &Took, ratio: Option<f64>) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let events = took.events as f64;
    let values =
        vec![ratio, Some(events / took.seconds), Some(took.calls / events), Some(took.seconds)];
    Row { subject: format!("{} events", took.events), values, budgets: Vec::new() }
}

async fn rebuilt(events: u32) -> anyhow::Result<Took> {
    let server =
        AwsEndpoint::start(AwsOptions::default(), Sqs::new(), Arc::new(NobodyDies)).await?;
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    let stack = Template::load(&template)?.resolve(&BTreeMap::new(), &server.url())?;
    for table in stack.tables {
        server.create_table(table.create_request).await?;
    }
    let mut env = environment(&server.url());
    let aws = Aws::connect(&mut env);
    let (ports, letters) = (aws.ports(&mut env, &[]), aws.dead_letters(&mut env));
    env.check()?;
    let runtime = Runtime::new(ports, reactions(&Settings::default()));
    seed(&runtime, events).await?;
    let rebuilds = Rebuilds::new(runtime.clone(), projections().names());
    rebuilds.request(PROJECTION, &origin()?).await?;
    let projector = Projector::new(PROJECT_VIEWS, runtime, Arc::new(letters));
    let projector = projector.projections(projections());
    let before = calls(&server).await?;

    let began = Instant::now();
    let (mut walked, mut rounds) = (0, 0);
    while rebuilds.find(PROJECTION).await?.is_some_and(|status| status.building.is_some()) {
        rounds += 1;
        ensure!(rounds < 100, "the rebuild does not come to its end");
        walked += projector.walk(None).await?.events;
    }
    let seconds = began.elapsed().as_secs_f64();

    ensure!(walked == u64::from(events), "{walked} of {events} events were walked");
    let calls = calls(&server).await? - before;
    server.stop().await;
    Ok(Took { events: walked, seconds, calls })
}

/// Accounts, and money for them.
async fn seed(runtime: &Runtime, events: u32) -> anyhow::Result<()> {
    let mut owner_id = Uuid::now_v7().into();
    let currency = Currency::try_from("NZD".to_owned())?;
    for account in 0..events / OF_AN_ACCOUNT {
        if account % OF_AN_OWNER == 0 {
            owner_id = Uuid::now_v7().into();
        }
        let opened = runtime.execute(&OpenAccount { owner_id, currency }, &origin()?).await?;
        let amount = Money { amount_minor: 100, currency };
        let movement = Movement { amount, description: "Top-up".to_owned() };
        let deposit = DepositMoney { account_id: opened.output.id, movement };
        for _ in 1..OF_AN_ACCOUNT {
            runtime.execute(&deposit, &origin()?).await?;
        }
    }
    Ok(())
}

fn origin() -> anyhow::Result<Origin> {
    let command_id = SystemIds.fresh();
    Ok(Origin {
        command_id: command_id.into(),
        tenant_id: "demo".parse()?,
        actor_id: None,
        correlation_id: command_id.to_string().parse()?,
        traceparent: None,
        idempotency: None,
    })
}

/// How many calls there have been.
async fn calls(server: &AwsEndpoint) -> anyhow::Result<f64> {
    let answer = reqwest::get(format!("{}/_calls", server.url())).await?;
    let counts: Value = serde_json::from_str(&answer.text().await?)?;
    let counts = counts["benchmark"].as_object().context("no calls were counted")?;
    Ok(counts.values().filter_map(Value::as_f64).sum())
}

fn environment(url: &str) -> Env {
    let fixed = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "benchmark"),
        ("AWS_SECRET_ACCESS_KEY", "benchmark"),
        ("JOURNAL_TABLE", "local-journal"),
        ("STATE_TABLE", "local-state"),
        ("OUTBOX_TABLE", "local-outbox"),
        ("INBOX_TABLE", "local-inbox"),
        ("DEAD_LETTERS_TABLE", "local-dead-letters"),
    ];
    Env::of(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())))
}
