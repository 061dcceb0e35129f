//! One file for each thing that people's files have.

use super::{rejection, row, rows, scan};
use crate::contact_imports::csv::{FileError, Rejection, Row};
use crate::contact_imports::limits::ROWS_PER_CHUNK;

/// What comes of a file, read whole and byte by byte.
fn read(file: &[u8]) -> Result<Vec<Result<Row, Rejection>>, FileError> {
    let plan = scan(file, &[usize::MAX]);
    assert_eq!(plan, scan(file, &[1]), "byte by byte it is another file");
    plan.map(|plan| rows(file, &plan))
}

fn ann(line: u64) -> Row {
    row(line, "ann@example.com", "Ann Lee", "")
}

fn bob(line: u64) -> Row {
    row(line, "bob@example.com", "Bob Ray", "")
}

#[test]
fn a_plain_file_has_its_rows_at_their_lines() {
    let file = include_bytes!("../../../../../../events/csv/plain.csv");

    let ann = row(2, "ann@example.com", "Ann Lee", "+64 21 555 0100");
    assert_eq!(read(file), Ok(vec![Ok(ann), Ok(bob(3))]));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let file = include_bytes!("../../../../../../events/csv/byte-order-mark.csv");

    assert_eq!(read(file), Ok(vec![Ok(ann(2))]));
}

#[test]
fn what_only_begins_as_a_byte_order_mark_is_text() {
    let file = "\u{fefc},email,name\nx,ann@example.com,Ann Lee\n".as_bytes();

    assert_eq!(read(file), Ok(vec![Ok(ann(2))]));
}

#[test]
fn a_byte_order_mark_in_the_middle_is_text_also_where_a_chunk_begins() {
    let rows = usize::try_from(ROWS_PER_CHUNK).unwrap();
    let file =
        ["email,name\n", &"ann@example.com,Ann Lee\n".repeat(rows), "\u{feff}x@y.z,Bo"].concat();

    let last = read(file.as_bytes()).unwrap().pop();

    assert_eq!(last, Some(Ok(row(2 + u64::from(ROWS_PER_CHUNK), "\u{feff}x@y.z", "Bo", ""))));
}

#[test]
fn lines_may_end_as_they_do_on_any_system() {
    let cr_lf = include_bytes!("../../../../../../events/csv/cr-lf.csv");
    let cr = include_bytes!("../../../../../../events/csv/cr.csv");

    assert_eq!(read(cr_lf), Ok(vec![Ok(ann(2)), Ok(bob(4))]));
    assert_eq!(read(cr), Ok(vec![Ok(ann(2)), Ok(bob(3))]));
}

#[test]
fn quoted_fields_hold_separators_quotes_and_lines() {
    let file = include_bytes!("../../../../../../events/csv/quotes.csv");

    let ann = row(2, "ann@example.com", "Lee, Ann \"Nan\"", "");
    let bob = row(4, "bob@example.com", "\"Bob\" Ray", "");
    let cat = row(5, "cat@example.com", "Cat Poe", "");
    assert_eq!(read(file), Ok(vec![Ok(ann), Ok(bob), Ok(cat)]));
}

#[test]
fn columns_stand_in_any_order_under_names_in_any_case() {
    let file = include_bytes!("../../../../../../events/csv/any-order.csv");

    assert_eq!(read(file), Ok(vec![Ok(row(2, "ann@example.com", "Ann Lee", "021 555"))]));
}

#[test]
fn empty_lines_are_no_rows_and_count_as_lines() {
    let file = include_bytes!("../../../../../../events/csv/empty-lines.csv");

    assert_eq!(read(file), Ok(vec![Ok(ann(6)), Ok(bob(10))]));
}

#[test]
fn what_is_missing_at_the_end_of_a_row_is_empty_and_what_is_too_much_is_rejected() {
    let file = include_bytes!("../../../../../../events/csv/ragged.csv");

    let bob = row(3, "bob@example.com", "Bob Ray", "021");
    let cat = rejection(4, "has 5 fields, where the header has 3");
    assert_eq!(read(file), Ok(vec![Ok(ann(2)), Ok(bob), Err(cat)]));
}

#[test]
fn a_hundred_columns_are_read_and_one_more_is_not() {
    let most = include_bytes!("../../../../../../events/csv/100-columns.csv");
    let more = include_bytes!("../../../../../../events/csv/101-columns.csv");

    assert_eq!(read(most), Ok(vec![Ok(ann(2)), Err(rejection(3, "has more than 100 columns"))]));
    assert_eq!(read(more), Err(FileError::TooManyColumns));
}

#[test]
fn a_long_field_is_read_as_it_is() {
    let file = include_bytes!("../../../../../../events/csv/long-fields.csv");

    let ann = row(2, "ann@example.com", "Ann ".repeat(100).trim(), "");
    assert_eq!(read(file), Ok(vec![Ok(ann), Ok(bob(3))]));
}

#[test]
fn what_is_not_utf_8_is_named_by_its_line_and_byte() {
    let latin = include_bytes!("../../../../../../events/csv/latin-1.csv");
    let wide = include_bytes!("../../../../../../events/csv/utf-16.csv");

    assert_eq!(read(latin), Err(FileError::NotUtf8 { line: 3, byte: 55 }));
    assert_eq!(latin[54], 0xe9);
    assert_eq!(read(wide), Err(FileError::NotUtf8 { line: 1, byte: 1 }));
    assert_eq!(read(b"email,name\n\xc3"), Err(FileError::NotUtf8 { line: 2, byte: 12 }));
}

#[test]
fn a_quote_that_is_not_closed_does_not_swallow_the_file_in_silence() {
    let file = include_bytes!("../../../../../../events/csv/unclosed-quote.csv");

    assert_eq!(read(file), Err(FileError::UnclosedQuote { line: 2 }));
}

#[test]
fn a_header_alone_is_a_file_without_rows_and_nothing_is_no_file() {
    let header = include_bytes!("../../../../../../events/csv/header-only.csv");
    let nothing = include_bytes!("../../../../../../events/csv/empty.csv");

    assert_eq!(read(header), Ok(vec![]));
    assert_eq!(read(nothing), Err(FileError::Empty));
    assert_eq!(read(b"\r\n,,\n"), Err(FileError::Empty));
}

#[test]
fn a_header_that_lacks_a_column_says_which() {
    let email = Err(FileError::ColumnMissing { column: "email" });
    let name = Err(FileError::ColumnMissing { column: "name" });

    assert_eq!(read(include_bytes!("../../../../../../events/csv/without-header.csv")), email);
    assert_eq!(read(include_bytes!("../../../../../../events/csv/semicolons.csv")), email);
    assert_eq!(read(include_bytes!("../../../../../../events/csv/without-name.csv")), name);
}

#[test]
fn two_columns_of_one_name_are_not_guessed_between() {
    let file = include_bytes!("../../../../../../events/csv/two-emails.csv");

    assert_eq!(read(file), Err(FileError::ColumnTwice { column: "email" }));
}
