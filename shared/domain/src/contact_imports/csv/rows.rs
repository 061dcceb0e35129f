//! The rows of one chunk: each a contact somebody wants, or rejected with its reason.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contact_imports::csv::records::{Position, Record, Records};
use crate::contact_imports::csv::{Chunk, Columns, FileError};
use crate::contact_imports::limits::MAX_COLUMNS;

/// One row, with the text of its fields as it stands in the file, without the space around it. Empty is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it begins at, from 1.
    pub line: u64,
    /// Whose contact it is.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their number.
    pub phone: String,
}

/// Where a file has a row that is not imported, and why: `{"line":7,"column":"email","reason":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejection {
    /// The line at which the row begins, from 1.
    pub line: u64,
    /// Which of its fields is wrong; `null` where it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong, in words for people.
    pub reason: String,
}

/// The rows of a chunk, whose bytes are `bytes`, in their order.
///
/// # Errors
/// [`FileError`], where the bytes are not those that were scanned.
pub fn rows_of(
    chunk: &Chunk,
    columns: &Columns,
    bytes: &[u8],
) -> Result<Vec<Result<Row, Rejection>>, FileError> {
    let mut records = Records::from(Position { offset: chunk.from, line: chunk.line });
    let mut rows = Vec::new();
    let mut rest = bytes;
    while let Some(record) = records.next(&mut rest)? {
        rows.extend(row(&record, columns));
    }
    if let Some(record) = records.finish()? {
        rows.extend(row(&record, columns));
    }
    Ok(rows)
}

/// What a record says of a contact; `None`: it is empty.
fn row(record: &Record<'_>, columns: &Columns) -> Option<Result<Row, Rejection>> {
    if record.is_empty() {
        return None;
    }
    let line = record.start.line;
    let rejected = |reason| Some(Err(Rejection { line, column: None, reason }));
    if record.is_too_wide() {
        return rejected(format!("has more than {MAX_COLUMNS} columns"));
    }
    let fields: Vec<Cow<'_, str>> = record.fields().collect();
    // Some programs leave out the separators at the end of a row, some write too many.
    let count = fields.len();
    if fields.iter().skip(columns.count).any(|field| !field.is_empty()) {
        return rejected(format!("has {count} fields, where the header has {}", columns.count));
    }
    let text = |column: usize| fields.get(column).map_or(String::new(), ToString::to_string);
    Some(Ok(Row {
        line,
        email: text(columns.email),
        name: text(columns.name),
        phone: columns.phone.map_or(String::new(), text),
    }))
}
