//! Rows for a spreadsheet: CSV as <https://www.rfc-editor.org/rfc/rfc4180> has it, from memory 2026-11-22. UTF-8, lines end
//! with CR LF, and no text is a formula.

use std::borrow::Cow;

use csv_core::{Terminator, WriteResult, Writer, WriterBuilder};

/// What a spreadsheet takes for the beginning of a formula, or for what comes before one.
// <https://owasp.org/www-community/attacks/CSV_Injection>, from memory 2026-11-22.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Somebody's words as a field: where they would be a formula, a `'` stands before them. Numbers need none of it.
pub fn text(words: &str) -> Cow<'_, str> {
    if words.starts_with(FORMULA) { format!("'{words}").into() } else { words.into() }
}

/// Writes a row behind those before it; fields are quoted where they have to be.
pub fn push_row<'a>(csv: &mut Vec<u8>, fields: impl IntoIterator<Item = Cow<'a, str>>) {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).build();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            append(csv, 2, |output| writer.delimiter(output));
        }
        push_field(&mut writer, field.as_bytes(), csv);
    }
    append(csv, 3, |output| writer.terminator(output));
}

fn push_field(writer: &mut Writer, field: &[u8], csv: &mut Vec<u8>) {
    // Each byte may be a quote, which is doubled, and all of them are quoted then: there is room at once.
    append(csv, 2 * field.len() + 2, |output| {
        let (result, _, written) = writer.field(field, output);
        (result, written)
    });
}

fn append(csv: &mut Vec<u8>, room: usize, write: impl FnOnce(&mut [u8]) -> (WriteResult, usize)) {
    let start = csv.len();
    csv.resize(start + room, 0);
    let (_, written) = write(&mut csv[start..]);
    csv.truncate(start + written);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[&str]) -> String {
        let mut csv = Vec::new();
        push_row(&mut csv, fields.iter().map(|field| text(field)));
        String::from_utf8(csv).unwrap()
    }

    #[test]
    fn what_separates_is_quoted() {
        assert_eq!(row(&["7", "a,b", "\"c\"\r\nd", ""]), "7,\"a,b\",\"\"\"c\"\"\r\nd\",\r\n");
    }

    #[test]
    fn no_text_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(row(&[formula]), format!("'{formula}\r\n"));
        }
        assert_eq!(row(&["\r=1"]), "\"'\r=1\"\r\n");
        assert_eq!(row(&["=A1,B1"]), "\"'=A1,B1\"\r\n");
        assert_eq!(row(&["a=1"]), "a=1\r\n");
    }
}
