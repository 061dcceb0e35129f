//! A function's process: started, observed through `/proc`, and killed at the end.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::program::Program;
use crate::runtime_api::RuntimeApi;

/// How much of what a process wrote is shown when something is wrong.
const LAST_WORDS: usize = 2_000;

/// A running function.
#[derive(Debug)]
pub(crate) struct Process {
    api: RuntimeApi,
    child: Child,
    log: File,
    started: Instant,
}

impl Process {
    /// Starts a program with its environment and nothing of ours.
    pub(crate) fn start(program: &Program) -> anyhow::Result<Self> {
        let api = RuntimeApi::start()?;
        // A file, not a pipe: nobody has to read it while something is measured.
        let log = tempfile::tempfile()?;
        let mut command = Command::new(&program.path);
        command
            .env_clear()
            .envs(&program.environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot run {}", program.name))?;
        Ok(Self { api, child, log, started })
    }

    /// How long it took from its start until it asked for its first event.
    pub(crate) fn init(&mut self) -> anyhow::Result<Duration> {
        let polled = self.api.polled();
        Ok(polled.with_context(|| self.last_words())? - self.started)
    }

    /// Gives it an event and waits for its answer.
    pub(crate) fn invoke(&mut self, event: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        let answer = self.api.invoke(event);
        answer.with_context(|| self.last_words())
    }

    /// The processor time that its threads have used, those that have ended left out: a function has one.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut total = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // Nanoseconds on a processor, nanoseconds waiting for one, time slices.
            let times = fs::read_to_string(task?.path().join("schedstat"))?;
            let running = times.split(' ').next().context("schedstat is empty")?;
            total += Duration::from_nanos(running.parse()?);
        }
        Ok(total)
    }

    /// The most memory it has had, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> anyhow::Result<u64> {
        peak_memory_kib(&fs::read_to_string(format!("/proc/{}/status", self.child.id()))?)
    }

    /// The end of what it wrote.
    pub(crate) fn last_words(&mut self) -> String {
        let mut written = Vec::new();
        let read = self.log.rewind().and_then(|()| self.log.read_to_end(&mut written));
        if read.is_err() {
            return "what it wrote cannot be read".to_owned();
        }
        let last = &written[written.len().saturating_sub(LAST_WORDS)..];
        format!("it wrote last:\n{}", String::from_utf8_lossy(last))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has had, in KiB, by its `/proc/PID/status`.
pub(crate) fn peak_memory_kib(status: &str) -> anyhow::Result<u64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next());
    peak.context("/proc tells no peak of memory")?.parse().context("a peak that is no number")
}
