//! What an import costs, over the whole local system with the real functions: memory for the largest file, transactions and
//! time for files of more and more rows.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::{Reply, World};
use tokio::time::sleep;

use crate::process::peak_memory_kib;
use crate::report::{Budget, Column, Row, Table};

const OURS: &str = "import-contacts";
/// How a file of so many bytes is cut when nothing else is asked of it: it has at most 200,000 rows.
const WIDE_ROWS: usize = 190_000;
/// How long a file may take, and how often it is looked at.
const PATIENCE: Duration = Duration::from_mins(30);
const LOOK: Duration = Duration::from_millis(50);
/// A process lives on after its invocation, and so does what it tells of its memory. So many rows of the large file are enough:
/// the chunks behind them are as large.
const ROWS_OF_THE_LARGE: u64 = 2_400;
/// For any file that is permitted, of the least memory that Lambda gives, 128 MiB, half.
const MOST_MIB: f64 = 64.0;

const COLUMNS: &[Column] = &[
    Column { key: "rate_ratio", label: "× rate", decimals: 2 },
    Column { key: "rows_per_second", label: "rows/s", decimals: 0 },
    Column { key: "rows_per_transaction", label: "rows/transaction", decimals: 1 },
    Column { key: "dynamodb_calls_per_row", label: "DynamoDB calls/row", decimals: 3 },
    Column { key: "seconds", label: "s", decimals: 1 },
    Column { key: "peak_memory_mib", label: "peak MiB", decimals: 1 },
];

/// How much is imported.
#[derive(Debug, Clone, Copy)]
pub struct Imports {
    /// Rows of each file that is timed; the rates are compared with that of the first.
    pub rows: &'static [usize],
    /// How large the file is whose reader's memory is measured.
    pub large_bytes: usize,
}

/// What an import took.
struct Took {
    seconds: f64,
    transactions: f64,
    calls: f64,
    peak_mib: f64,
}

/// Imports each file into a system of its own.
///
/// # Errors
/// The runtime cannot be made, or an import does not end as it should.
///
/// # Panics
/// The system does not do what its acceptance tests say.
pub fn measure(imports: &Imports) -> anyhow::Result<Table> {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut rows: Vec<Row> = Vec::new();
    let mut first_rate = None;
    for &count in imports.rows {
        let took = executor.block_on(imported(count))?;
        let rate = as_f64(count) / took.seconds;
        let ratio = rate / *first_rate.get_or_insert(rate);
        let values = [
            Some(ratio),
            Some(rate),
            Some(as_f64(count) / took.transactions),
            Some(took.calls / as_f64(count)),
            Some(took.seconds),
            Some(took.peak_mib),
        ];
        rows.push(Row {
            subject: format!("{count} rows"),
            values: values.into(),
            budgets: budgets(),
        });
    }
    let peak = executor.block_on(peak_of_large(imports.large_bytes))?;
    rows.push(Row {
        subject: format!("a file of {} MB", imports.large_bytes / 1_000_000),
        values: vec![None, None, None, None, None, Some(peak)],
        budgets: budgets(),
    });
    Ok(Table {
        figure: "imports",
        title: "an import over the whole local system, from its upload to its end, 5 processes; the rate is beside that of \
            the first"
            .to_owned(),
        columns: COLUMNS,
        rows,
    })
}

fn budgets() -> Vec<Budget> {
    vec![Budget { column: "peak_memory_mib", most: MOST_MIB }]
}

/// A file of so many people, none of them twice, imported to its end.
async fn imported(rows: usize) -> anyhow::Result<Took> {
    let world = World::start().await;
    let csv = people(rows, 0)?;
    world.aws_calls().await;

    let began = Instant::now();
    let path = upload(&world, csv).await?;
    let import = until(&world, &path, |import| {
        import["status"] != "waiting" && import["status"] != "running"
    })
    .await?;
    let seconds = began.elapsed().as_secs_f64();

    let counted = ["status", "imported"].map(|name| &import.body[name]);
    ensure!(counted == [&json!("completed"), &json!(rows)], "{:#}", import.body);
    let calls = world.aws_calls().await;
    let calls = calls[OURS].as_object().context("no calls were counted")?;
    let of_dynamo = calls.iter().filter(|(operation, _)| operation.starts_with("dynamodb."));
    let of_dynamo = of_dynamo.filter_map(|(_, count)| count.as_f64()).sum();
    let transactions = calls["dynamodb.TransactWriteItems"].as_f64();
    let took = Took {
        seconds,
        transactions: transactions.context("no transactions were counted")?,
        calls: of_dynamo,
        peak_mib: peak_mib()?,
    };
    world.stop().await;
    Ok(took)
}

/// The most memory that a process has while it reads a large file from its beginning to its end, and imports some of it.
async fn peak_of_large(bytes: usize) -> anyhow::Result<f64> {
    let world = World::start().await;
    let rows = WIDE_ROWS.min(bytes / 100);
    let path = upload(&world, people(rows, bytes / rows)?).await?;
    until(&world, &path, |import| import["processed"].as_u64() >= Some(ROWS_OF_THE_LARGE)).await?;
    let peak = peak_mib()?;
    world.stop().await;
    Ok(peak)
}

/// A file of so many rows, each of them so wide at least, with a column that nobody reads.
fn people(rows: usize, width: usize) -> anyhow::Result<String> {
    let mut csv = "email,name,notes\n".to_owned();
    for number in 0..rows {
        let end = csv.len() + width;
        write!(csv, "p{number}@example.com,Person {number},")?;
        let notes = end.saturating_sub(csv.len() + 1);
        csv.extend(std::iter::repeat_n('x', notes));
        csv.push('\n');
    }
    Ok(csv)
}

async fn upload(world: &World, csv: String) -> anyhow::Result<String> {
    let input = json!({ "file_name": "people.csv", "size_bytes": csv.len() });
    let request = world.request(Method::POST, "/contact-imports").json(&input);
    let created = world.send(request).await.expect(201);
    let upload = &created.body["upload"];
    let mut put = Client::new().put(upload["url"].as_str().context("no place to upload to")?);
    for (name, value) in upload["headers"].as_object().into_iter().flatten() {
        put = put.header(name, value.as_str().unwrap_or_default());
    }
    put.body(csv).send().await?.error_for_status()?;
    Ok(format!("/contact-imports/{}", created.text("/id")))
}

async fn until(
    world: &World,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Reply> {
    let began = Instant::now();
    loop {
        let import = world.get(path).await.expect(200);
        if wanted(&import.body) {
            return Ok(import);
        }
        let is_in_vain = import.body["status"] == "failed" || began.elapsed() > PATIENCE;
        if is_in_vain {
            bail!("in vain: {:#}", import.body);
        }
        sleep(LOOK).await;
    }
}

/// The most memory that any process of the function has had, in MiB: those that live are children of this one.
fn peak_mib() -> anyhow::Result<f64> {
    let mut peak = 0;
    for process in fs::read_dir("/proc")? {
        let Ok(id) = process?.file_name().to_string_lossy().parse::<u32>() else { continue };
        // It may have ended meanwhile.
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let has = |name: &str, value: &str| {
            status
                .lines()
                .any(|line| line.strip_prefix(name).is_some_and(|rest| rest.trim() == value))
        };
        if has("Name:", OURS) && has("PPid:", &std::process::id().to_string()) {
            peak = peak.max(peak_memory_kib(&status)?);
        }
    }
    ensure!(peak > 0, "no process of {OURS} runs");
    Ok(f64::from(u32::try_from(peak)?) / 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
