//! Reading a file once, to know whether it can be imported and where it is cut.

use serde::{Deserialize, Serialize};

use crate::contact_imports::csv::records::{Record, Records, bytes};
use crate::contact_imports::csv::utf8::Utf8;
use crate::contact_imports::csv::{Columns, FileError};
use crate::contact_imports::limits::{CHUNK_BYTES, MAX_ROWS, ROWS_PER_CHUNK};

/// A file while it is read from its beginning to its end.
#[derive(Debug)]
pub struct Scan {
    utf8: Utf8,
    records: Records,
    columns: Option<Columns>,
    rows: u64,
    chunks: Vec<Chunk>,
}

/// What a file is, and how it is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which column holds what.
    pub columns: Columns,
    /// How many rows it has, those that will be rejected included.
    pub rows: u64,
    /// All its rows, each in one of them, in their order.
    pub chunks: Vec<Chunk>,
}

/// A part of a file that is read alone: `{"from":11,"to":512,"line":2,"rows":24}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Where its first row begins: so many bytes are before it.
    pub from: u64,
    /// Where its last row ends; at most 256 KiB behind `from`.
    pub to: u64,
    /// The line of its first row, from 1.
    pub line: u64,
    /// How many rows are in it; at least 1.
    pub rows: u32,
}

impl Scan {
    /// Nothing is read yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            utf8: Utf8::default(),
            records: Records::of_file(),
            columns: None,
            rows: 0,
            chunks: Vec::new(),
        }
    }

    /// Reads on. Pieces may be of any size; what comes of them is the same.
    ///
    /// # Errors
    /// The first in the file that cannot be; see [`FileError`]. It is over then.
    pub fn read(&mut self, piece: &[u8]) -> Result<(), FileError> {
        let begun = self.utf8.begun();
        let wrong = self.utf8.wrong_in(piece);
        // What is wrong before it is told first, wherever pieces end.
        self.read_text(&piece[..wrong.unwrap_or(piece.len())])?;
        match wrong {
            Some(0) => Err(self.not_utf8(begun)),
            Some(_) => Err(self.not_utf8(0)),
            None => Ok(()),
        }
    }

    /// What the file is, now that all of it was read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn finish(mut self) -> Result<Plan, FileError> {
        if self.utf8.begun() > 0 {
            return Err(self.not_utf8(self.utf8.begun()));
        }
        if let Some(record) = self.records.finish()? {
            learn(&mut self.columns, &mut self.rows, &mut self.chunks, &record)?;
        }
        let columns = self.columns.ok_or(FileError::Empty)?;
        Ok(Plan { columns, rows: self.rows, chunks: self.chunks })
    }

    fn read_text(&mut self, mut text: &[u8]) -> Result<(), FileError> {
        while let Some(record) = self.records.next(&mut text)? {
            learn(&mut self.columns, &mut self.rows, &mut self.chunks, &record)?;
        }
        Ok(())
    }

    fn not_utf8(&self, bytes_before: usize) -> FileError {
        let at = self.records.at();
        FileError::NotUtf8 { line: at.line, byte: at.offset - bytes(bytes_before) + 1 }
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self::new()
    }
}

/// What one record adds to what is known of a file.
fn learn(
    columns: &mut Option<Columns>,
    rows: &mut u64,
    chunks: &mut Vec<Chunk>,
    record: &Record<'_>,
) -> Result<(), FileError> {
    if record.is_empty() {
        return Ok(());
    }
    if columns.is_none() {
        *columns = Some(Columns::of(record)?);
        return Ok(());
    }
    if *rows == MAX_ROWS {
        return Err(FileError::TooManyRows);
    }
    *rows += 1;
    match chunks.last_mut() {
        Some(chunk) if chunk.has_room_for(record) => {
            chunk.rows += 1;
            chunk.to = record.end;
        }
        _ => {
            let (start, to) = (record.start, record.end);
            chunks.push(Chunk { from: start.offset, to, line: start.line, rows: 1 });
        }
    }
    Ok(())
}

impl Chunk {
    fn has_room_for(&self, record: &Record<'_>) -> bool {
        self.rows < ROWS_PER_CHUNK && record.end - self.from <= CHUNK_BYTES
    }
}
