//! The last that is permitted, and one more.

use super::{rows, scan};
use crate::contact_imports::csv::{Chunk, FileError};
use crate::contact_imports::limits::{
    CHUNK_BYTES, FAN_OUT, MAX_RECORD_BYTES, MAX_ROWS, ROWS_PER_CHUNK,
};

/// A file of rows that are so long each, their line ends included.
fn of(rows: usize, bytes: usize) -> Vec<u8> {
    let row = format!("a@b.c,{}\n", "x".repeat(bytes - 7));
    ["email,name\n", &row.repeat(rows)].concat().into_bytes()
}

#[test]
fn a_row_of_as_many_bytes_as_permitted_is_read_and_a_longer_one_is_not() {
    for sizes in [[usize::MAX, 1], [4096, 1]] {
        let longest = of(2, MAX_RECORD_BYTES);
        let longer = of(2, MAX_RECORD_BYTES + 1);

        let plan = scan(&longest, &sizes).unwrap();

        assert_eq!(rows(&longest, &plan).len(), 2);
        assert_eq!(scan(&longer, &sizes), Err(FileError::RecordTooLong { line: 2 }));
    }
}

#[test]
fn a_quote_that_nobody_closes_ends_at_the_longest_row() {
    let open = ["email,name\na@b.c,\"", &"b@c.d,Bo\n".repeat(10_000)].concat();

    let read = scan(open.as_bytes(), &[1000]);

    assert_eq!(read, Err(FileError::RecordTooLong { line: 2 }));
}

#[test]
fn a_file_has_as_many_rows_as_permitted_and_is_planned_in_two_steps() {
    let most = usize::try_from(MAX_ROWS).unwrap();

    let plan = scan(&of(most, 10), &[1 << 16]).unwrap();
    let refused = scan(&of(most + 1, 10), &[1 << 16]);

    assert_eq!(plan.rows, MAX_ROWS);
    assert!(plan.chunks.len() <= FAN_OUT * FAN_OUT);
    assert_eq!(refused, Err(FileError::TooManyRows));
}

#[test]
fn a_chunk_has_no_more_rows_and_bytes_than_permitted() {
    let short = scan(&of(50, 20), &[999]).unwrap();
    let long = scan(&of(50, 60_000), &[999]).unwrap();

    let sizes = |chunks: &[Chunk]| chunks.iter().map(|chunk| chunk.rows).collect::<Vec<_>>();
    assert_eq!(sizes(&short.chunks), [ROWS_PER_CHUNK, ROWS_PER_CHUNK, 50 - 2 * ROWS_PER_CHUNK]);
    assert!(long.chunks.iter().all(|chunk| chunk.to - chunk.from <= CHUNK_BYTES));
    assert_eq!(sizes(&long.chunks), [[4; 12].as_slice(), &[2]].concat());
}
