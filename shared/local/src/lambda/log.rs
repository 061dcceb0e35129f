//! Where the output of the functions goes.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Lines a quiet log remembers; older ones are forgotten.
const REMEMBERED_LINES: usize = 2_000;

/// Takes the output of all functions, line by line: `[sync-statistics] …`.
#[derive(Debug, Clone)]
pub struct Log {
    sink: Arc<Sink>,
}

#[derive(Debug)]
enum Sink {
    Stderr,
    Memory(Mutex<VecDeque<String>>),
}

impl Log {
    /// Shows every line on our standard error.
    pub fn to_stderr() -> Self {
        Self { sink: Arc::new(Sink::Stderr) }
    }

    /// Keeps the last lines in memory, for a test to print when it fails.
    pub fn in_memory() -> Self {
        Self { sink: Arc::new(Sink::Memory(Mutex::default())) }
    }

    /// The lines remembered so far, oldest first; none if they went to standard error.
    pub fn lines(&self) -> Vec<String> {
        match &*self.sink {
            Sink::Stderr => Vec::new(),
            Sink::Memory(lines) => {
                lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
            }
        }
    }

    pub(super) fn write(&self, function: &str, line: &str) {
        let line = format!("[{function}] {line}");
        match &*self.sink {
            // A closed standard error is no reason to stop the system.
            Sink::Stderr => drop(writeln!(std::io::stderr().lock(), "{line}")),
            Sink::Memory(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == REMEMBERED_LINES {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
        }
    }
}
