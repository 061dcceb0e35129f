//! What a file may be at most. All limits of imports are here; whoever exceeds one is told which.

use postroom::Transaction;

use crate::contacts::NewContact;

/// The most bytes of a file: 100 MiB.
pub const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// The most rows of a file, the header and empty lines not counted.
pub const MAX_ROWS: u64 = 200_000;
/// The most columns of a file.
pub const MAX_COLUMNS: usize = 100;
/// The most bytes of one row, as it is written in the file. A quote that nobody closes ends here at the latest.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The most rows that are imported in one transaction.
///
/// Each may be a new contact. Beside them stand the counter, the run itself, and where the chunk is the last of its counter
/// the import with its event.
pub(crate) const ROWS_PER_CHUNK: u32 = 24;
const ACTIONS_BESIDE: usize = 4;
/// The most bytes of a file that one transaction's rows stand in: they are held in memory whole.
pub(crate) const CHUNK_BYTES: u64 = 256 * 1024;
/// The most messages that one transaction sends, with room for its other actions. What is planned is sent in two steps, so
/// a file may have this many chunks, squared.
pub(crate) const FAN_OUT: usize = 96;

const _: () = assert!(
    ROWS_PER_CHUNK as usize * NewContact::ACTIONS + ACTIONS_BESIDE <= Transaction::MAX_ACTIONS
);
// A chunk has all the rows it may have, or it and the row behind it are more than the bytes it may have.
const _: () = {
    let by_bytes = MAX_FILE_BYTES / (CHUNK_BYTES - MAX_RECORD_BYTES as u64);
    let by_rows = MAX_ROWS / ROWS_PER_CHUNK as u64;
    assert!(by_rows + by_bytes + 2 <= (FAN_OUT * FAN_OUT) as u64);
};
