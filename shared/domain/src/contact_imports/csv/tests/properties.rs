//! Whatever the file, and whatever pieces it comes in: it is what it is read whole, by another reader.

use csv::{ByteRecord, ReaderBuilder};
use proptest::prelude::*;

use super::{rows, scan};
use crate::contact_imports::csv::{FileError, Rejection, Row};

const HEADER: &str = "email,name";

/// Rows made of what is difficult about them, and of any bytes.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => prop::sample::select(vec![
            "a@b.c", "x", ",", ",", "\n", "\r\n", "\r", "\"", "\"\"", "\"y\n\"", "é", "😀", "\u{feff}",
            " ", "\t", "email", "name",
        ]).prop_map(|part| part.as_bytes().to_vec()),
        1 => "[a-z]{1,40},[a-z]{1,40}\n".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    let header = prop_oneof![
        8 => Just(format!("{HEADER}\n")),
        1 => Just(format!("\u{feff}{HEADER}\r\n")),
        1 => Just(String::new()),
    ];
    (header, prop::collection::vec(part, 0..200))
        .prop_map(|(header, parts)| [header.into_bytes(), parts.concat()].concat())
}

/// The records behind the header as the `csv` crate has them, each with the line it begins at, those without text left out.
fn by_another(file: &[u8]) -> Vec<(u64, ByteRecord)> {
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(file);
    let records = reader.byte_records().map(Result::unwrap);
    let with_text = records.filter(|record| !record.as_slice().trim_ascii().is_empty());
    let at = |record: ByteRecord| (line_of(file, &record), record);
    with_text.skip(1).map(at).collect()
}

/// It tells where it was before the empty lines and half line ends in front of a record.
fn line_of(file: &[u8], record: &ByteRecord) -> u64 {
    let mut at = usize::try_from(record.position().unwrap().byte()).unwrap();
    at += file[at..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let text = String::from_utf8_lossy(&file[..at]).replace("\r\n", "\n");
    1 + u64::try_from(text.matches(['\r', '\n']).count()).unwrap()
}

/// What a record of `email,name` comes to.
fn expected((line, record): &(u64, ByteRecord)) -> Result<Row, Rejection> {
    let text = |index| {
        let field: &[u8] = record.get(index).unwrap_or_default();
        String::from_utf8(field.trim_ascii().to_vec()).unwrap()
    };
    if (2..record.len()).any(|index| !text(index).is_empty()) {
        let reason = format!("has {} fields, where the header has 2", record.len());
        return Err(super::rejection(*line, &reason));
    }
    Ok(super::row(*line, &text(0), &text(1), ""))
}

proptest! {
    #[test]
    fn a_file_is_the_same_in_whatever_pieces_it_comes(
        file in files(),
        sizes in prop::collection::vec(1_usize..9, 1..4),
    ) {
        prop_assert_eq!(scan(&file, &sizes), scan(&file, &[usize::MAX]));
    }

    #[test]
    fn chunks_read_alone_are_the_file_read_whole_by_another_reader(file in files()) {
        match scan(&file, &[usize::MAX]) {
            Ok(plan) => {
                let others = by_another(&file);
                // Wider rows than we read are the fixtures' matter.
                if others.iter().all(|(_, record)| record.len() <= 100) && file_has_plain_header(&file) {
                    let expected: Vec<_> = others.iter().map(expected).collect();
                    prop_assert_eq!(rows(&file, &plan), expected);
                }
            }
            Err(FileError::NotUtf8 { byte, .. }) => {
                let good = std::str::from_utf8(&file).unwrap_err().valid_up_to();
                prop_assert_eq!(byte, u64::try_from(good).unwrap() + 1);
            }
            Err(FileError::UnclosedQuote { .. }) => {
                // Whatever follows is still in that field.
                let longer = [&file, b"\n!".as_slice()].concat();
                let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(&longer[..]);
                let last = reader.byte_records().map(Result::unwrap).last().unwrap();
                prop_assert!(last.iter().next_back().unwrap().ends_with(b"\n!"));
            }
            Err(FileError::Empty | FileError::ColumnMissing { .. } | FileError::ColumnTwice { .. }) => {
                prop_assert!(!file_has_plain_header(&file) || by_another(&file).is_empty());
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

fn file_has_plain_header(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    text.starts_with(b"email,name\n") || text.starts_with(b"email,name\r\n")
}
