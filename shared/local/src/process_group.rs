//! Processes that we start, each with whatever it starts in turn.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The group of a process that was started with `process_group(0)`. Dropping it kills what is left of the group.
///
/// A group of its own keeps a Ctrl-C in the terminal from reaching the process before us, and takes whatever it started
/// along at the end.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    /// The number of its first process. Not 0 or 1, which would be our own group and everything.
    id: i32,
}

impl ProcessGroup {
    /// The group of a process that was just started.
    pub(crate) fn of(child: &Child) -> Option<Self> {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        id.filter(|id| *id > 1).map(|id| Self { id })
    }

    pub(crate) fn id(&self) -> i32 {
        self.id
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        signal(self.id, Signal::KILL);
    }
}

/// Sends a signal to a group, which may be gone already.
pub(crate) fn signal(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        let _ = kill_process_group(group, signal);
    }
}
