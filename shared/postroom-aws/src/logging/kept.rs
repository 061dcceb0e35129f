//! Debug lines of a unit of work, until it is known whether it fails.

use std::collections::VecDeque;

use jiff::Timestamp;

/// The most lines that are kept of a unit of work.
pub(super) const LINES: usize = 100;
/// The most bytes.
pub(super) const BYTES: usize = 32 * 1024;

/// A unit of work and its debug lines.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) began: Timestamp,
    lines: VecDeque<String>,
    bytes: usize,
    dropped: usize,
    failed: bool,
}

/// What was kept of a unit of work that failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The oldest first.
    pub(super) lines: VecDeque<String>,
    /// How many there were before them.
    pub(super) dropped: usize,
}

impl Unit {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, lines: VecDeque::new(), bytes: 0, dropped: 0, failed: false }
    }

    /// Keeps a line, or gives it back: of what has failed already, lines are written at once.
    pub(super) fn keep(&mut self, line: String) -> Option<String> {
        if self.failed {
            return Some(line);
        }
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.bytes > BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
        None
    }

    /// It failed: what was kept is to be written now.
    pub(super) fn fail(&mut self) -> Shown {
        self.failed = true;
        self.bytes = 0;
        let (lines, dropped) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.dropped));
        Shown { lines, dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        Unit::new(Timestamp::UNIX_EPOCH)
    }

    fn keep(unit: &mut Unit, lines: usize, bytes: usize) {
        for index in 0..lines {
            assert_eq!(unit.keep(format!("{index:0bytes$}")), None);
        }
    }

    #[test]
    fn a_hundred_lines_are_kept_and_of_more_the_oldest_dropped() {
        let mut unit = unit();

        keep(&mut unit, LINES, 3);
        assert_eq!(unit.keep("last".to_owned()), None);
        let Shown { lines, dropped } = unit.fail();

        assert_eq!((lines.len(), dropped), (LINES, 1));
        assert_eq!((lines[0].as_str(), lines[LINES - 1].as_str()), ("001", "last"));
    }

    #[test]
    fn thirty_two_kibibytes_are_kept_and_of_more_the_oldest_dropped() {
        let mut unit = unit();

        keep(&mut unit, 32, 1024);
        assert_eq!(unit.keep("x".to_owned()), None);
        let Shown { lines, dropped } = unit.fail();

        assert_eq!((lines.len(), dropped), (32, 1));
    }

    #[test]
    fn a_line_that_is_larger_than_all_that_is_kept_is_dropped_itself() {
        let mut unit = unit();

        keep(&mut unit, 1, BYTES + 1);

        assert_eq!(unit.fail(), Shown { lines: VecDeque::new(), dropped: 1 });
    }

    #[test]
    fn after_the_failure_lines_are_given_back_and_nothing_is_shown_twice() {
        let mut unit = unit();
        keep(&mut unit, 1, 1);

        assert_eq!(unit.fail().lines, ["0"]);
        assert_eq!(unit.keep("late".to_owned()).as_deref(), Some("late"));
        assert_eq!(unit.fail(), Shown::default());
    }
}
