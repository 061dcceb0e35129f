//! Reading a CSV file as people have it, a piece at a time and never whole.
//!
//! First the whole file is [scanned](Scan): that says whether it is one that we take, and where its [chunks](Chunk) are.
//! Then [`rows_of`] reads each chunk alone, in any order, as if it had been read with all that stands before it.
//!
//! - Fields are separated by commas and may be quoted; a quote in a quoted field is written twice (RFC 4180).
//! - A line ends with LF, CR LF or CR. A quoted field may contain line ends, which count as lines.
//! - The text is UTF-8, with or without a byte order mark.
//! - The first row that is not empty is the header. Which names a column may have is said in [`Columns`].
//! - A row of which every field is empty is none. It still counts as a line.

mod error;
mod utf8;
mod records;
mod columns;
mod scan;
mod rows;

pub use columns::Columns;
pub use error::FileError;
pub use rows::{Rejection, Row, rows_of};
pub use scan::{Chunk, Plan, Scan};

#[cfg(test)]
mod tests;
