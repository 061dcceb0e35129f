//! How far an import is, while one waits: a bar on a terminal, a line now and then anywhere else.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use domain::contact_imports::{ContactImportView, ImportStatus};
use tokio::time::Instant;

/// How often a line is written where nothing but numbers has changed.
const LINES: Duration = Duration::from_secs(10);
const BAR_CHARS: usize = 30;
/// What takes the bar away: the beginning of its line, and nothing behind that.
const AWAY: &str = "\r\u{1b}[K";

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Uploading {
        sent_bytes: u64,
        size_bytes: u64,
    },
    /// The numbers are rows.
    Importing {
        status: ImportStatus,
        processed: u64,
        total: u64,
    },
}

impl Progress {
    pub(crate) fn of(import: &ContactImportView) -> Self {
        let ContactImportView { status, processed, total, .. } = *import;
        Self::Importing { status, processed, total }
    }

    /// What is going on, without how far.
    fn stage(self) -> Option<ImportStatus> {
        match self {
            Self::Uploading { .. } => None,
            Self::Importing { status, .. } => Some(status),
        }
    }

    /// `[███████░░░░░░░]  50 %  running, 1000 of 2000 rows`: one line, without anything that a terminal acts upon.
    fn bar(self) -> String {
        let (done, all) = match self {
            Self::Uploading { sent_bytes, size_bytes } => (sent_bytes, size_bytes),
            Self::Importing { processed, total, .. } => (processed, total),
        };
        let share = |parts: u64| (done.min(all) * parts).checked_div(all).unwrap_or(0);
        let full = usize::try_from(share(BAR_CHARS as u64)).unwrap_or(BAR_CHARS);
        let (done, left) = ("█".repeat(full), "░".repeat(BAR_CHARS - full));
        format!("[{done}{left}] {:>3} %  {self}", share(100))
    }
}

/// `uploading, 512 of 1024 KiB`, `waiting`, `running, 1000 of 2000 rows`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uploading { sent_bytes, size_bytes } => {
                write!(f, "uploading, {} of {} KiB", sent_bytes / 1024, size_bytes.div_ceil(1024))
            }
            Self::Importing { status, total: 0, .. } => write!(f, "{status}"),
            Self::Importing { status, processed, total } => {
                write!(f, "{status}, {processed} of {total} rows")
            }
        }
    }
}

/// Where progress is shown: on standard error, so that what is printed in the end can be piped.
pub(crate) struct Screen {
    is_terminal: bool,
    written: Option<(Progress, Instant)>,
}

impl Screen {
    pub(crate) fn of_process() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), written: None }
    }

    pub(crate) fn show(&mut self, progress: Progress) {
        let text = self.due(progress, Instant::now());
        // Whoever closed standard error does not want to know.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Takes the bar away, for what comes behind it.
    pub(crate) fn clear(&mut self) {
        if self.is_terminal && self.written.take().is_some() {
            let _ = std::io::stderr().write_all(AWAY.as_bytes());
        }
    }

    /// What is written now, if anything.
    fn due(&mut self, progress: Progress, now: Instant) -> String {
        if self.is_terminal {
            self.written = Some((progress, now));
            return format!("{AWAY}{}", progress.bar());
        }
        let is_news = self.written.is_none_or(|(before, at)| {
            before.stage() != progress.stage() || (before != progress && now - at >= LINES)
        });
        if !is_news {
            return String::new();
        }
        self.written = Some((progress, now));
        format!("{progress}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 100 * 1024 * 1024;

    fn running(processed: u64) -> Progress {
        Progress::Importing { status: ImportStatus::Running, processed, total: 2_000 }
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_longer() {
        let waiting = Progress::Importing { status: ImportStatus::Waiting, processed: 0, total: 0 };
        let full = |progress: Progress| progress.bar().matches('█').count();

        assert_eq!([0, 1_000, 2_000, 9_999].map(|rows| full(running(rows))), [0, 15, 30, 30]);
        assert_eq!(
            running(500).bar(),
            format!("[{}{}]  25 %  running, 500 of 2000 rows", "█".repeat(7), "░".repeat(23))
        );
        assert!(waiting.bar().ends_with("]   0 %  waiting"), "{}", waiting.bar());
        let half = Progress::Uploading { sent_bytes: SIZE / 2, size_bytes: SIZE };
        assert!(half.bar().ends_with(" 50 %  uploading, 51200 of 102400 KiB"), "{}", half.bar());
    }

    #[test]
    fn a_terminal_sees_one_line_that_is_drawn_again() {
        let mut screen = Screen { is_terminal: true, written: None };
        let now = Instant::now();

        let drawn = [0, 1_000].map(|rows| screen.due(running(rows), now));

        assert!(
            drawn.iter().all(|text| text.starts_with(AWAY) && !text.contains('\n')),
            "{drawn:?}"
        );
    }

    #[test]
    fn elsewhere_a_line_is_written_for_each_stage_and_every_ten_seconds() {
        let mut screen = Screen { is_terminal: false, written: None };
        let began = Instant::now();
        let mut written =
            |progress, after_s| screen.due(progress, began + Duration::from_secs(after_s));
        let waiting = Progress::Importing { status: ImportStatus::Waiting, processed: 0, total: 0 };

        let lines = [
            written(Progress::Uploading { sent_bytes: 0, size_bytes: 10 }, 0),
            written(Progress::Uploading { sent_bytes: 5, size_bytes: 10 }, 1),
            written(waiting, 2),
            written(running(24), 3),
            written(running(48), 12),
            written(running(72), 13),
            written(running(72), 40),
        ];

        let expected = [
            "uploading, 0 of 1 KiB\n",
            "",
            "waiting\n",
            "running, 24 of 2000 rows\n",
            "",
            "running, 72 of 2000 rows\n",
            "",
        ];
        assert_eq!(lines, expected);
        assert!(!lines.concat().contains(|letter: char| letter != '\n' && letter.is_control()));
    }
}
