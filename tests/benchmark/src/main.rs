//! `benchmark`: measures, compares, and shows the figures.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use benchmark::{
    Imports, Programs, Report, Table, batch, calls, cold_start, dispatch, imports, machine, rebuild,
};

const HELP: &str = "\
What the functions and the kit cost, beside programs written without it.

    cargo run --release --bin benchmark [-- OPTIONS]

Options:
    --quick       few rounds: shows that it runs, and judges no budget
    --rebuild     only how fast a read model is rebuilt: from 10,000 events, and from 20,000
    --imports     only what an import costs: files of 1,000, of 10,000 and of 100,000 rows, and one of 100 MB
    --json FILE   the figures as JSON lines, too
    --help        this page
";

/// How much is measured.
struct Effort {
    starts: usize,
    dispatches: usize,
    batch_rounds: usize,
    records_a_round: usize,
}

const FULL: Effort = Effort { starts: 60, dispatches: 40, batch_rounds: 40, records_a_round: 300 };
const QUICK: Effort = Effort { starts: 3, dispatches: 2, batch_rounds: 1, records_a_round: 100 };

const IMPORTS: Imports = Imports { rows: &[1_000, 10_000, 100_000], large_bytes: 100_000_000 };
const QUICK_IMPORTS: Imports = Imports { rows: &[120, 480], large_bytes: 2_000_000 };

#[derive(Default)]
struct Arguments {
    quick: bool,
    rebuild: bool,
    imports: bool,
    json: Option<PathBuf>,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]
fn main() -> anyhow::Result<()> {
    let Some(arguments) = arguments()? else {
        print!("{HELP}");
        return Ok(());
    };
    let tables = if arguments.rebuild {
        eprintln!("rebuilding");
        vec![rebuild::measure(if arguments.quick { 200 } else { 10_000 })?]
    } else if arguments.imports {
        eprintln!("importing");
        vec![imports::measure(if arguments.quick { &QUICK_IMPORTS } else { &IMPORTS })?]
    } else {
        all(if arguments.quick { &QUICK } else { &FULL })?
    };
    let judged = !arguments.quick && !cfg!(debug_assertions);
    let report = Report { machine: machine::describe(), judged, tables };
    if let Some(path) = arguments.json {
        let written = fs::write(&path, report.json_lines());
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{}\n\n{}", report.machine, report.text());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command-line program")]
fn all(effort: &Effort) -> anyhow::Result<Vec<Table>> {
    eprintln!("building the functions and their peers");
    let programs = Programs::build()?;
    eprintln!("starting every function {} times", effort.starts);
    let mut tables = vec![cold_start::measure(&programs, effort.starts)?];
    eprintln!("processing batches");
    tables.push(batch::measure(&programs, effort.batch_rounds, effort.records_a_round)?);
    eprintln!("calling listeners");
    tables.push(dispatch::measure(effort.dispatches)?);
    eprintln!("counting calls");
    tables.push(calls::count()?);
    Ok(tables)
}

/// What the command line asks for; `None`: for help.
fn arguments() -> anyhow::Result<Option<Arguments>> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args_os().skip(1);
    while let Some(argument) = given.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some("--quick") => arguments.quick = true,
            Some("--rebuild") => arguments.rebuild = true,
            Some("--imports") => arguments.imports = true,
            Some("--json") => {
                arguments.json = Some(given.next().context("--json needs a file")?.into());
            }
            _ => bail!("{} is not an option; see --help", argument.display()),
        }
    }
    Ok(Some(arguments))
}
