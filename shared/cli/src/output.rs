//! What a verb has to say: as JSON, and for people.

use postroom::port::LetterHead;
use serde::Serialize;
use serde_json::Value;

/// The answer of a verb.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) json: Value,
    /// Row by row.
    pub(crate) rows: Vec<String>,
}

impl Output {
    pub(crate) fn of(json: &impl Serialize, rows: Vec<String>) -> serde_json::Result<Self> {
        Ok(Self { json: serde_json::to_value(json)?, rows })
    }
}

/// A letter in two lines: what and why.
pub(crate) fn two_lines(letter: &LetterHead) -> String {
    let LetterHead { id, attempts, last_failed_at, redrives, reason, .. } = letter;
    let redriven = match redrives {
        0 => String::new(),
        redrives => format!(", redriven {redrives}×"),
    };
    let kind = letter.r#type.as_deref().unwrap_or("no message");
    format!("{id}\n    {kind}, {last_failed_at}, {attempts} attempts{redriven}: {reason}")
}

/// `1 letter`, `2 letters`.
pub(crate) fn letters(count: usize) -> String {
    format!("{count} letter{}", if count == 1 { "" } else { "s" })
}
