//! What a record costs a worker: ours, and one that makes the same calls by hand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;

use crate::messages::batch;
use crate::process::Process;
use crate::program::{Program, Programs};
use crate::report::{Budget, Column, Row, Table};
use crate::spread::Spread;
use crate::stub::{LATENCY, Stub};

const OURS: &str = "sync-statistics";
const PEER: &str = "hand-written-worker";
/// Records of one batch; the last has the budgets.
const SIZES: [usize; 2] = [10, 100];
/// Calls that are none of DynamoDB.
const INSIGHTS: &str = "insights";

const COLUMNS: &[Column] = &[
    Column { key: "cpu_ratio", label: "× CPU", decimals: 2 },
    Column { key: "cpu_us_per_record", label: "CPU µs/record", decimals: 0 },
    Column { key: "records_per_s", label: "records/s", decimals: 0 },
    Column { key: "dynamodb_calls_per_record", label: "DynamoDB calls/record", decimals: 2 },
    Column { key: "peak_memory_mib", label: "peak MiB", decimals: 1 },
];
/// Against the worker written by hand.
const MOST_CPU: f64 = 1.0;
const MOST_MIB: f64 = 32.0;

/// A worker and what was measured of it.
struct Lane {
    process: Process,
    cpu_us: Vec<f64>,
    per_second: Vec<f64>,
    calls: u64,
}

/// Gives both workers the same batches, in turns, and measures each by itself.
///
/// # Errors
/// A worker does not start, or reports a record as failed.
pub fn measure(
    programs: &Programs,
    rounds: usize,
    records_a_round: usize,
) -> anyhow::Result<Table> {
    let stub = Stub::start()?;
    let mut rows = Vec::new();
    for size in SIZES {
        let batches = records_a_round.div_ceil(size);
        let mut lanes =
            [lane(&subject(programs, OURS, &stub)?)?, lane(&subject(programs, PEER, &stub)?)?];
        for lane in &mut lanes {
            // The first calls connect.
            lane.process(size, batches.div_ceil(4))?;
        }
        stub.taken();
        for _ in 0..rounds {
            for lane in &mut lanes {
                lane.measure(size, batches)?;
                let calls = stub.taken().into_iter().filter(|(operation, _)| operation != INSIGHTS);
                lane.calls += calls.map(|(_, count)| count).sum::<u64>();
            }
        }
        rows.extend(compared(lanes, size, rounds * batches * size)?);
    }
    Ok(Table {
        figure: "batch",
        title: format!(
            "a record of a batch: calls answered after {LATENCY:?}, 10 records at once, {rounds} interleaved rounds"
        ),
        columns: COLUMNS,
        rows,
    })
}

/// How often each worker calls what for one batch.
///
/// # Errors
/// As [`measure`].
pub fn calls(
    programs: &Programs,
    records: usize,
) -> anyhow::Result<BTreeMap<&'static str, BTreeMap<String, u64>>> {
    let stub = Stub::start()?;
    let mut calls = BTreeMap::new();
    for name in [OURS, PEER] {
        lane(&subject(programs, name, &stub)?)?.process(records, 1)?;
        calls.insert(name, stub.taken());
    }
    Ok(calls)
}

fn subject(programs: &Programs, name: &str, stub: &Stub) -> anyhow::Result<Program> {
    let program =
        if name == OURS { programs.function(OURS)? } else { programs.peer(name, OURS)? };
    let urls = ["AWS_ENDPOINT_URL", "PROVIDER_URL"];
    Ok(program.with(urls.map(|variable| (variable, stub.url.clone()))))
}

fn lane(program: &Program) -> anyhow::Result<Lane> {
    let mut process = Process::start(program)?;
    process.init()?;
    Ok(Lane { process, cpu_us: Vec::new(), per_second: Vec::new(), calls: 0 })
}

impl Lane {
    fn measure(&mut self, size: usize, batches: usize) -> anyhow::Result<()> {
        let before = self.process.cpu()?;
        let wall = self.process(size, batches)?;
        let cpu = self.process.cpu()?.saturating_sub(before);
        let records = as_f64(size * batches);
        self.cpu_us.push(cpu.as_secs_f64() * 1e6 / records);
        self.per_second.push(records / wall.as_secs_f64());
        Ok(())
    }

    /// Processes batches and answers how long it took. Nothing may fail: a failure would be cheaper.
    fn process(&mut self, size: usize, batches: usize) -> anyhow::Result<Duration> {
        let mut took = Duration::ZERO;
        for _ in 0..batches {
            let event = batch(size)?;
            let started = Instant::now();
            let answer = self.process.invoke(event)?;
            took += started.elapsed();
            let answer: Value = serde_json::from_slice(&answer)?;
            let failures = answer["batchItemFailures"].as_array().map(Vec::len);
            ensure!(
                failures == Some(0),
                "{failures:?} records failed; {}",
                self.process.last_words()
            );
        }
        Ok(took)
    }
}

/// Ours beside the peer's; the ratio is the middle one of the rounds, in each of which both ran.
fn compared(lanes: [Lane; 2], size: usize, records: usize) -> anyhow::Result<Vec<Row>> {
    let [ours, peer] = &lanes;
    let ratios = ours.cpu_us.iter().zip(&peer.cpu_us).map(|(ours, peer)| ours / peer).collect();
    let ratios = [Spread::of(ratios).median, 1.0];
    let mut rows = Vec::new();
    for ((lane, name), ratio) in lanes.into_iter().zip([OURS, PEER]).zip(ratios) {
        let peak_kib = u32::try_from(lane.process.peak_memory_kib()?)?;
        let values = [
            ratio,
            Spread::of(lane.cpu_us).median,
            Spread::of(lane.per_second).median,
            as_f64(usize::try_from(lane.calls)?) / as_f64(records),
            f64::from(peak_kib) / 1024.0,
        ];
        let held = name == OURS && Some(&size) == SIZES.last();
        rows.push(Row {
            subject: format!("{name}, batches of {size}"),
            values: values.map(Some).into(),
            budgets: if held { budgets() } else { Vec::new() },
        });
    }
    Ok(rows)
}

fn budgets() -> Vec<Budget> {
    vec![
        Budget { column: "cpu_ratio", most: MOST_CPU },
        Budget { column: "peak_memory_mib", most: MOST_MIB },
    ]
}

#[expect(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
