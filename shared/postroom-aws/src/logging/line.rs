//! One line, as it is written.

use jiff::Timestamp;
use postroom::sortable;

use crate::logging::fields::quoted;
use crate::logging::settings::Format;

/// What every line begins with.
const HEAD: &[&str] = &["timestamp", "level", "message", "target"];

/// A line that is being written. Of fields with one name the first stays.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    format: Format,
    names: Vec<&'static str>,
}

impl Line {
    pub(super) fn new(
        format: Format,
        at: Timestamp,
        level: &str,
        target: &str,
        message: &str,
    ) -> Self {
        let at = sortable(at);
        let text = match format {
            Format::Json => {
                let (message, target) = (quoted(message), quoted(target));
                format!(
                    r#"{{"timestamp":"{at}","level":"{level}","message":{message},"target":{target}"#
                )
            }
            // One event is one line, whatever it quotes.
            Format::Text => {
                format!("{at} {level} {target}: {}", message.replace(['\n', '\r'], " "))
            }
        };
        Self { text, format, names: Vec::new() }
    }

    /// Adds a field, its value as JSON.
    pub(super) fn add(&mut self, name: &'static str, value: &str) {
        if HEAD.contains(&name) || self.names.contains(&name) {
            return;
        }
        self.names.push(name);
        match self.format {
            Format::Json => self.text.extend([",", &quoted(name), ":", value]),
            Format::Text => self.text.extend([" ", name, "=", value]),
        }
    }

    /// The whole line, with its end.
    pub(super) fn end(mut self) -> String {
        self.text.push_str(match self.format {
            Format::Json => "}\n",
            Format::Text => "\n",
        });
        self.text
    }
}
