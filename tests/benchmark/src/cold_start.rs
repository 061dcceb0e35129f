//! How long a function takes from its start until it asks for its first event.

use crate::process::Process;
use crate::program::{Program, Programs};
use crate::report::{Budget, Column, Row, Table};
use crate::spread::Spread;

/// What every start is compared with.
const ECHO: &str = "echo";
const COLUMNS: &[Column] = &[
    Column { key: "ratio", label: "× echo", decimals: 2 },
    Column { key: "median_ms", label: "median ms", decimals: 2 },
    Column { key: "low_ms", label: "5 % ms", decimals: 2 },
    Column { key: "high_ms", label: "95 % ms", decimals: 2 },
    Column { key: "cpu_ms", label: "CPU ms", decimals: 2 },
];
/// Against a bare echo on the same machine.
const MOST: f64 = 2.0;

struct Started {
    wall_ms: f64,
    cpu_ms: f64,
}

/// What all starts of one program took.
#[derive(Clone, Default)]
struct Starts {
    wall_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

/// Starts every function, an echo and a plain SDK function, round after round, one at a time.
///
/// # Errors
/// One of them does not start.
pub fn measure(programs: &Programs, rounds: usize) -> anyhow::Result<Table> {
    let functions = programs.functions();
    let place = functions.first().map_or("", |function| &function.name);
    let mut subjects = vec![programs.peer(ECHO, place)?, programs.peer("plain-sdk", place)?];
    let peers = subjects.len();
    subjects.extend(functions);

    let mut took = vec![Starts::default(); subjects.len()];
    // The first start reads the program from the disk; on Lambda that is another phase.
    for subject in &subjects {
        start(subject)?;
    }
    for _ in 0..rounds {
        for (subject, took) in subjects.iter().zip(&mut took) {
            let Started { wall_ms, cpu_ms } = start(subject)?;
            took.wall_ms.push(wall_ms);
            took.cpu_ms.push(cpu_ms);
        }
    }

    let spreads = took.into_iter().map(|took| (Spread::of(took.wall_ms), Spread::of(took.cpu_ms)));
    let spreads: Vec<_> = spreads.collect();
    let echo = spreads[0].0.median;
    let rows = subjects.into_iter().zip(spreads).enumerate();
    let rows = rows.map(|(index, (subject, (wall, cpu)))| Row {
        subject: subject.name,
        values: [wall.median / echo, wall.median, wall.low, wall.high, cpu.median].map(Some).into(),
        budgets: if index < peers { vec![] } else { vec![Budget { column: "ratio", most: MOST }] },
    });
    Ok(Table {
        figure: "cold_start",
        title: format!("cold start: from spawn to the first poll, {rounds} interleaved rounds"),
        columns: COLUMNS,
        rows: rows.collect(),
    })
}

fn start(subject: &Program) -> anyhow::Result<Started> {
    let mut process = Process::start(subject)?;
    let wall_ms = process.init()?.as_secs_f64() * 1e3;
    Ok(Started { wall_ms, cpu_ms: process.cpu()?.as_secs_f64() * 1e3 })
}
