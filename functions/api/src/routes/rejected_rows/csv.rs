//! Rows for a spreadsheet: <https://www.rfc-editor.org/rfc/rfc4180>, from memory 2026-11-22. UTF-8, lines end with CR LF.

/// What a spreadsheet takes for the beginning of a formula.
// <https://owasp.org/www-community/attacks/CSV_Injection>, from memory 2026-11-22.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

/// What stands between two separators.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// As it is.
    Number(u64),
    /// Never a formula: one that would be begins with `'`.
    Text(&'a str),
}

/// Writes a row behind those before it.
pub(crate) fn push_row(csv: &mut String, cells: &[Cell<'_>]) {
    for (column, cell) in cells.iter().enumerate() {
        if column > 0 {
            csv.push(',');
        }
        match cell {
            Cell::Number(number) => csv.push_str(&number.to_string()),
            Cell::Text(text) => push_text(csv, text),
        }
    }
    csv.push_str("\r\n");
}

fn push_text(csv: &mut String, text: &str) {
    let harmless = if text.starts_with(FORMULA) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        csv.push('"');
        csv.push_str(harmless);
        csv.push_str(&text.replace('"', "\"\""));
        csv.push('"');
    } else {
        csv.push_str(harmless);
        csv.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[Cell<'_>]) -> String {
        let mut csv = String::new();
        push_row(&mut csv, cells);
        csv
    }

    #[test]
    fn what_separates_is_quoted() {
        let row =
            row(&[Cell::Number(7), Cell::Text("a,b"), Cell::Text("\"c\"\r\nd"), Cell::Text("")]);

        assert_eq!(row, "7,\"a,b\",\"\"\"c\"\"\r\nd\",\r\n");
    }

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(row(&[Cell::Text(text)]), format!("'{text}\r\n"));
        }
        assert_eq!(row(&[Cell::Text("\r=1")]), "\"'\r=1\"\r\n");
        assert_eq!(row(&[Cell::Text("=A1,B1")]), "\"'=A1,B1\"\r\n");
        assert_eq!(row(&[Cell::Text("a=1")]), "a=1\r\n");
    }
}
