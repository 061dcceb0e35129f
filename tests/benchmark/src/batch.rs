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
    Column { key: "cpu_ratio_low", label: "5 %", decimals: 2 },
    Column { key: "cpu_ratio_high", label: "95 %", decimals: 2 },
    Column { key: "cpu_us_per_record", label: "CPU µs/record", decimals: 0 },
    Column { key: "records_per_s", label: "records/s", decimals: 0 },
    Column { key: "dynamodb_calls_per_record", label: "DynamoDB calls/record", decimals: 2 },
    Column { key: "peak_memory_mib", label: "peak MiB", decimals: 1 },
];
/// Against the worker written by hand.
const MOST_CPU: f64 = 1.0;
const MOST_MIB: f64 = 32.0;

/// What was measured of a worker.
#[derive(Default)]
struct Lane {
    cpu_us: Vec<f64>,
    per_second: Vec<f64>,
    peak_kib: u64,
    calls: u64,
}

/// Gives both workers the same batches, in turns, and measures each by itself.
///
/// Each round has processes of its own: where a program happens to lie in memory makes some hundredths for as long as it
/// runs, and rounds of one process would all have the same luck.
///
/// # Errors
/// A worker does not start, or reports a record as failed.
pub fn measure(
    programs: &Programs,
    rounds: usize,
    records_a_round: usize,
) -> anyhow::Result<Table> {
    let stub = Stub::start()?;
    let subjects = [subject(programs, OURS, &stub)?, subject(programs, PEER, &stub)?];
    let mut rows = Vec::new();
    for size in SIZES {
        let batches = records_a_round.div_ceil(size);
        let mut lanes = [Lane::default(), Lane::default()];
        for round in 0..rounds {
            // Nor is it always the same that comes first.
            for turn in [round % 2, (round + 1) % 2] {
                lanes[turn].measure(&subjects[turn], &stub, size, batches)?;
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
        process(&mut start(&subject(programs, name, &stub)?)?, records, 1)?;
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

fn start(program: &Program) -> anyhow::Result<Process> {
    let mut process = Process::start(program)?;
    process.init()?;
    Ok(process)
}

impl Lane {
    fn measure(
        &mut self,
        program: &Program,
        stub: &Stub,
        size: usize,
        batches: usize,
    ) -> anyhow::Result<()> {
        let mut started = start(program)?;
        // The first calls connect.
        process(&mut started, size, batches.div_ceil(4))?;
        stub.taken();
        let before = started.cpu()?;
        let wall = process(&mut started, size, batches)?;
        let cpu = started.cpu()?.saturating_sub(before);
        let records = as_f64(size * batches);
        self.cpu_us.push(cpu.as_secs_f64() * 1e6 / records);
        self.per_second.push(records / wall.as_secs_f64());
        self.peak_kib = self.peak_kib.max(started.peak_memory_kib()?);
        let calls = stub.taken().into_iter().filter(|(operation, _)| operation != INSIGHTS);
        self.calls += calls.map(|(_, count)| count).sum::<u64>();
        Ok(())
    }
}

/// Processes batches and answers how long it took. Nothing may fail: a failure would be cheaper.
fn process(worker: &mut Process, size: usize, batches: usize) -> anyhow::Result<Duration> {
    let mut took = Duration::ZERO;
    for _ in 0..batches {
        let event = batch(size)?;
        let started = Instant::now();
        let answer = worker.invoke(event)?;
        took += started.elapsed();
        let answer: Value = serde_json::from_slice(&answer)?;
        let failures = answer["batchItemFailures"].as_array().map(Vec::len);
        ensure!(failures == Some(0), "{failures:?} records failed; {}", worker.last_words());
    }
    Ok(took)
}

/// Ours beside the peer's; the ratio is the middle one of the rounds, in each of which both ran.
fn compared(lanes: [Lane; 2], size: usize, records: usize) -> anyhow::Result<Vec<Row>> {
    let [ours, peer] = &lanes;
    let ratios = ours.cpu_us.iter().zip(&peer.cpu_us).map(|(ours, peer)| ours / peer).collect();
    let equal = Spread { median: 1.0, low: 1.0, high: 1.0 };
    let ratios = [Spread::of(ratios), equal];
    let mut rows = Vec::new();
    for ((lane, name), ratio) in lanes.into_iter().zip([OURS, PEER]).zip(ratios) {
        let peak_kib = u32::try_from(lane.peak_kib)?;
        let values = [
            ratio.median,
            ratio.low,
            ratio.high,
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
