//! One process of a function: started, watched, killed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Log;
use crate::aws::Killer;
use crate::process_group::{self, ProcessGroup};

/// A longer line of output is cut into pieces of this size.
const LINE_BYTES: u64 = 256 * 1024;
/// Lines of standard error that a report about a dead process quotes.
const QUOTED_LINES: usize = 5;
/// How long to wait for the rest of a dead process's output.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a function that registered for shutdown may take over it.
// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>: 500 ms with an
// internal extension, named from memory 2026-11-21.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// How to start the processes of one function.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The function's name without the stack's: `sync-statistics`.
    pub function: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The whole environment of the process but for `PATH` and the Runtime API's address.
    pub environment: BTreeMap<String, String>,
    pub timeout: Duration,
    /// The most processes at the same time; each handles one event at a time.
    pub environments: usize,
}

/// The processes that run now, by function: what a fault or a test may kill.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    running: Arc<Mutex<BTreeMap<String, BTreeSet<i32>>>>,
}

impl Processes {
    fn running(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<i32>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a function known before its first process.
    pub(super) fn announce(&self, function: &str) {
        self.running().entry(function.to_owned()).or_default();
    }

    /// How many processes of the function run now.
    pub fn count(&self, function: &str) -> usize {
        self.running().get(function).map_or(0, BTreeSet::len)
    }

    fn contain(&self, function: &str, group: i32) -> bool {
        self.running().get(function).is_some_and(|groups| groups.contains(&group))
    }
}

impl Killer for Processes {
    fn functions(&self) -> BTreeSet<String> {
        self.running().keys().cloned().collect()
    }

    /// Sends SIGKILL to every process of the function; none runs another step once it returns.
    ///
    /// From here on they are not running, though the kernel may take a while to end them.
    fn kill(&self, function: &str) {
        let mut running = self.running();
        let killed = running.get_mut(function).map(std::mem::take);
        for group in killed.into_iter().flatten() {
            process_group::signal(group, Signal::KILL);
        }
    }
}

/// A running process in a process group of its own; dropping it kills the group.
///
/// Should the host itself be killed, the functions lose their Runtime API and end.
#[derive(Debug)]
pub(super) struct Process {
    function: String,
    child: Child,
    /// Taken once the process is gone: its number may then belong to another.
    group: Option<ProcessGroup>,
    processes: Processes,
    output: JoinSet<()>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    pub(super) fn spawn(
        launch: &Launch,
        runtime_api: &str,
        processes: &Processes,
        log: &Log,
    ) -> io::Result<Self> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).env_clear().envs(&launch.environment);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn()?;

        let group = ProcessGroup::of(&child);
        let ids = group.iter().map(ProcessGroup::id);
        processes.running().entry(launch.function.clone()).or_default().extend(ids);
        let mut process = Self {
            function: launch.function.clone(),
            group,
            processes: processes.clone(),
            output: JoinSet::new(),
            last_lines: Arc::default(),
            child,
        };
        let (stdout, stderr) = (process.child.stdout.take(), process.child.stderr.take());
        process.forward(stdout, log, drop);
        // Panics go there, logs do not: of a dead process's output this is worth quoting.
        let last_lines = Arc::clone(&process.last_lines);
        process.forward(stderr, log, move |line| remember(&last_lines, line));
        Ok(process)
    }

    /// Whether it can take an event. One that was killed cannot, even while the kernel still counts it as alive.
    pub(super) fn is_running(&mut self) -> bool {
        let group = self.group.as_ref().map(ProcessGroup::id);
        group.is_some_and(|group| self.processes.contain(&self.function, group))
            && matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end of the process and says how it ended, with its last words.
    ///
    /// May be cancelled and called again.
    pub(super) async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        self.clean_up();
        let drained =
            timeout(OUTPUT_TIMEOUT, async { while self.output.join_next().await.is_some() {} });
        // Not in time: something else holds the pipes; what was read so far is enough.
        let _ = drained.await;

        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = describe(status);
        for line in lines.iter() {
            report.push_str("\n    ");
            report.push_str(line);
        }
        report
    }

    pub(super) async fn kill(mut self) {
        self.signal(Signal::KILL);
        // Cannot take long after SIGKILL; an error means that it is gone already.
        let _ = self.child.wait().await;
        self.clean_up();
    }

    /// Asks the process to end, and kills it if it does not.
    pub(super) async fn shut_down(mut self) {
        self.signal(Signal::TERM);
        let _ = timeout(SHUTDOWN_TIMEOUT, self.child.wait()).await;
        self.kill().await;
    }

    /// Reads one of the two outputs to its end; without it a full pipe would stop the function.
    fn forward(
        &mut self,
        output: Option<impl AsyncRead + Unpin + Send + 'static>,
        log: &Log,
        mut also: impl FnMut(String) + Send + 'static,
    ) {
        let Some(output) = output else { return };
        let (function, log) = (self.function.clone(), log.clone());
        self.output.spawn(async move {
            let mut reader = BufReader::new(output);
            let mut line = Vec::new();
            while let Ok(1..) = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                log.write(&function, &text);
                also(text);
                line.clear();
            }
        });
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = &self.group {
            process_group::signal(group.id(), signal);
        }
    }

    /// Ends what the process left behind in its group.
    fn clean_up(&mut self) {
        let Some(group) = self.group.take() else { return };
        if let Some(groups) = self.processes.running().get_mut(&self.function) {
            groups.remove(&group.id());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.clean_up();
    }
}

fn remember(last_lines: &Mutex<VecDeque<String>>, line: String) {
    let mut lines = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == QUOTED_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

fn describe(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("unknown status: {error}"),
    }
}
