//! Why a file cannot be imported at all.

use crate::contact_imports::limits::{MAX_COLUMNS, MAX_FILE_BYTES, MAX_RECORD_BYTES, MAX_ROWS};

/// Why a file cannot be imported at all. The message is for whoever uploaded it. Permanent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No row at all, not even a header.
    #[error("the file is empty: its first line has to name the columns")]
    Empty,
    /// More bytes than we take.
    #[error("the file has {size_bytes} bytes, where {MAX_FILE_BYTES} are permitted")]
    TooLarge { size_bytes: u64 },
    /// Not the text that we read. Both are counted from 1, the byte from the beginning of the file.
    #[error("the file is not UTF-8: line {line} is not, from byte {byte} of the file on")]
    NotUtf8 { line: u64, byte: u64 },
    /// A row without an end in sight.
    #[error(
        "the row at line {line} is longer than {MAX_RECORD_BYTES} bytes: it may have a quote that is not closed"
    )]
    RecordTooLong { line: u64 },
    /// The file ends within a quoted field.
    #[error("the row at line {line} has a quote that is not closed")]
    UnclosedQuote { line: u64 },
    /// The header names more than we read.
    #[error("the header has more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// The header lacks what a contact cannot be without.
    #[error("the header has no column \"{column}\", or its columns are not separated by commas")]
    ColumnMissing { column: &'static str },
    /// Which of the two holds would be a guess.
    #[error("the header has two columns \"{column}\"")]
    ColumnTwice { column: &'static str },
    /// More rows than we take.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
}
