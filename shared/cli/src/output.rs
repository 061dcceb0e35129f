//! What a verb has to say: as JSON, and for people.

use std::fmt::Write as _;

use postroom::port::LetterHead;
use postroom::visible;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// The answer of a verb.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) json: Value,
    /// Row by row.
    pub(crate) rows: Vec<String>,
    /// Why it is not all of what was asked for: it is told after what there is.
    pub(crate) failure: Option<Failure>,
}

impl Output {
    pub(crate) fn of(json: &impl Serialize, rows: Vec<String>) -> serde_json::Result<Self> {
        Ok(Self { json: serde_json::to_value(json)?, rows, failure: None })
    }
}

/// Rows as they may be printed: whatever strangers wrote into them stays in its row and moves nothing.
pub(crate) fn for_people(rows: &[String]) -> String {
    rows.iter().fold(String::new(), |text, row| text + &visible(row) + "\n")
}

/// A document as it may be printed: JSON itself escapes only some of the characters that a terminal acts upon.
pub(crate) fn for_programs(document: &Value) -> String {
    let mut text = String::new();
    // The line feeds are the document's own; those of a text are escaped by now.
    for line in format!("{document:#}").lines() {
        for letter in line.chars() {
            if visible(letter.encode_utf8(&mut [0; 4])).len() == letter.len_utf8() {
                text.push(letter);
            } else {
                // Writing to a text does not fail. All such characters are of the basic plane.
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
        }
        text.push('\n');
    }
    text
}

/// A letter in two rows: what and why.
pub(crate) fn two_rows(letter: &LetterHead) -> [String; 2] {
    let LetterHead { id, attempts, last_failed_at, redrives, reason, .. } = letter;
    let redriven = match redrives {
        0 => String::new(),
        redrives => format!(", redriven {redrives}×"),
    };
    let kind = letter.r#type.as_deref().unwrap_or("no message");
    let why = format!("    {kind}, {last_failed_at}, {attempts} attempts{redriven}: {reason}");
    [id.clone(), why]
}

/// `1 letter`, `2 letters`.
pub(crate) fn letters(count: usize) -> String {
    format!("{count} letter{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "gone\r\n\u{1b}[2J\u{9b}2J\u{7f}\u{202e} 0 letters";

    #[test]
    fn controls_are_shown_and_not_obeyed() {
        let acts = |text: &str| text.chars().any(|letter| letter != '\n' && letter.is_control());

        let rows = for_people(&[HOSTILE.to_owned(), "next".to_owned()]);
        let document = for_programs(&json!({ "reason": HOSTILE, "kept": "käse ×" }));

        assert!(!acts(&rows) && rows.lines().count() == 2, "{rows}");
        assert!(!acts(&document) && !document.contains('\u{202e}'), "{document}");
        assert!(document.contains("käse ×"), "{document}");
        let read: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(read["reason"], HOSTILE);
    }
}
