//! Finding the records of a file, whatever pieces it comes in, and where exactly each begins and ends.

use std::borrow::Cow;
use std::fmt;

use csv_core::{ReadRecordResult, Reader};

use crate::contact_imports::csv::FileError;
use crate::contact_imports::limits::{MAX_COLUMNS, MAX_RECORD_BYTES};

/// The byte order mark, which some programs begin UTF-8 with.
const MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// So many bytes are before it.
    pub(super) offset: u64,
    /// Its line, from 1.
    pub(super) line: u64,
}

/// Reads records. It holds one at most, however long the file is.
///
/// What splits fields is `csv-core`; where a record begins is found here. So it is never in the middle of a CR LF or behind
/// empty lines, and another reader that starts there finds the same.
pub(super) struct Records {
    core: Reader,
    at: Position,
    after_cr: bool,
    /// How much of a byte order mark was read; `MARK.len()`: none can follow any more.
    mark: usize,
    /// Where the record begins that is being read.
    start: Option<Position>,
    output: Vec<u8>,
    written: usize,
    ends: [usize; MAX_COLUMNS + 1],
    fields: usize,
}

/// One record, as long as nothing further is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// Where its first byte is.
    pub(super) start: Position,
    /// How many bytes are before what follows it.
    pub(super) end: u64,
    text: &'a [u8],
    ends: &'a [usize],
}

impl Records {
    /// Reads a file from its beginning, where a byte order mark may stand.
    pub(super) fn of_file() -> Self {
        Self { mark: 0, ..Self::from(Position { offset: 0, line: 1 }) }
    }

    /// Reads on from where a record begins.
    pub(super) fn from(at: Position) -> Self {
        let mut core = Reader::new();
        // It would take three bytes at its own beginning for a mark, in the middle of a file too, unless it has read
        // anything. An empty line is nothing to it.
        core.read_record(b"\n", &mut [0], &mut [0]);
        Self {
            core,
            at,
            after_cr: false,
            mark: MARK.len(),
            start: None,
            // A record, the byte that shows it to be too long, and a mark that is none.
            output: vec![0; MAX_RECORD_BYTES + 1 + MARK.len()],
            written: 0,
            ends: [0; MAX_COLUMNS + 1],
            fields: 0,
        }
    }

    /// Where it has come to.
    pub(super) fn at(&self) -> Position {
        self.at
    }

    /// The next record, as far as it ends in `piece`, which is left with what is behind it; `None`: all of `piece` is read.
    ///
    /// # Errors
    /// [`FileError::RecordTooLong`].
    pub(super) fn next<'a>(
        &'a mut self,
        piece: &mut &[u8],
    ) -> Result<Option<Record<'a>>, FileError> {
        self.forget_last();
        self.skip_mark(piece);
        while let Some(start) = self.begin(piece) {
            let before = self.read_bytes(start);
            let most = piece.len().min(MAX_RECORD_BYTES + 1 - before);
            let (result, taken) = self.feed(&piece[..most]);
            self.take(piece, taken);
            if self.read_bytes(start) > MAX_RECORD_BYTES {
                return Err(FileError::RecordTooLong { line: start.line });
            }
            if result == ReadRecordResult::Record {
                return Ok(self.end_record());
            }
        }
        Ok(None)
    }

    /// The record that ends with the file, if there is one.
    ///
    /// # Errors
    /// [`FileError::UnclosedQuote`].
    pub(super) fn finish(&mut self) -> Result<Option<Record<'_>>, FileError> {
        self.forget_last();
        let Some(start) = self.start else { return Ok(None) };
        // The end of a line ends a record, unless it stands in quotes.
        match self.feed(b"\n") {
            (ReadRecordResult::Record, _) => Ok(self.end_record()),
            _ => Err(FileError::UnclosedQuote { line: start.line }),
        }
    }

    /// Skips a mark at the beginning of a file, even if it comes in pieces.
    fn skip_mark(&mut self, piece: &mut &[u8]) {
        while self.mark < MARK.len()
            && let Some(next) = piece.first()
        {
            if *next == MARK[self.mark] {
                self.mark += 1;
                self.take(piece, 1);
            } else {
                // What looked like one begins the first record.
                let begun = std::mem::replace(&mut self.mark, MARK.len());
                if begun > 0 {
                    self.start = Some(Position { offset: 0, line: 1 });
                    self.feed(&MARK[..begun]);
                }
            }
        }
    }

    /// Where the record begins that is being read; `None`: there is nothing more of one in `piece`.
    fn begin(&mut self, piece: &mut &[u8]) -> Option<Position> {
        if self.start.is_none() {
            let empty = piece.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.take(piece, empty);
        }
        if piece.is_empty() {
            return None;
        }
        Some(*self.start.get_or_insert(self.at))
    }

    fn feed(&mut self, input: &[u8]) -> (ReadRecordResult, usize) {
        let (output, ends) = (&mut self.output[self.written..], &mut self.ends[self.fields..]);
        let (result, taken, written, fields) = self.core.read_record(input, output, ends);
        self.written += written;
        self.fields += fields;
        if result != ReadRecordResult::Record {
            // One more than permitted is counted; where all the others behind it end, nobody asks.
            self.fields = self.fields.min(MAX_COLUMNS);
        }
        (result, taken)
    }

    /// Goes on behind so many bytes, and counts the lines they end.
    fn take(&mut self, piece: &mut &[u8], count: usize) {
        let (taken, rest) = piece.split_at(count);
        for byte in taken {
            // CR LF is one end of a line, also where a piece ends between the two.
            let ends = *byte == b'\r' || (*byte == b'\n' && !self.after_cr);
            self.at.line += u64::from(ends);
            self.after_cr = *byte == b'\r';
        }
        self.at.offset += bytes(count);
        *piece = rest;
    }

    /// How much has been read of the record that begins there.
    fn read_bytes(&self, start: Position) -> usize {
        usize::try_from(self.at.offset - start.offset).unwrap_or(usize::MAX)
    }

    fn end_record(&mut self) -> Option<Record<'_>> {
        let start = self.start.take()?;
        let (text, ends) = (&self.output[..self.written], &self.ends[..self.fields]);
        Some(Record { start, end: self.at.offset, text, ends })
    }

    fn forget_last(&mut self) {
        if self.start.is_none() {
            self.written = 0;
            self.fields = 0;
        }
    }
}

impl<'a> Record<'a> {
    /// Whether it has no text in any field.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    /// Whether it has more fields than we read.
    pub(super) fn is_too_wide(&self) -> bool {
        self.ends.len() > MAX_COLUMNS
    }

    /// Its fields, without the space around them.
    pub(super) fn fields(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let text = self.text;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        // That all of it is UTF-8 was seen when the file was scanned.
        std::iter::zip(starts, self.ends)
            .map(move |(start, end)| String::from_utf8_lossy(text[start..*end].trim_ascii()))
    }
}

/// A length in memory as one in a file.
pub(super) fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("at", &self.at).finish_non_exhaustive()
    }
}
