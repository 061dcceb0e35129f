//! A file of people, drawn from a seed, and what has to come of every row of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::seed::Seed;

/// One row in so many is wrong, and one in so many is of somebody who is in the file once more.
const WRONG: u64 = 100;
const AGAIN: u64 = 20;

/// A file, and what a reader of it knows.
#[derive(Debug)]
pub(super) struct People {
    pub(super) csv: String,
    pub(super) rows: u64,
    /// By their address: what each may be called. Whichever of two rows comes first is the contact.
    pub(super) contacts: BTreeMap<String, BTreeSet<String>>,
    /// By the line that it begins at: which column of a row is wrong; none, where all of it is.
    pub(super) rejected: BTreeMap<u64, Option<&'static str>>,
}

impl People {
    /// So many rows: 1 % of them wrong, each in one of four ways, 5 % of somebody who is in the file anywhere else.
    pub(super) fn draw(rows: u64, seed: &mut Seed) -> Self {
        let (contacts, rejected) = (BTreeMap::new(), BTreeMap::new());
        let csv = "\u{feff}E-Mail,Name\r\n".to_owned();
        let mut people = Self { csv, rows, contacts, rejected };
        let mut line = 2;
        for number in 0..rows {
            let row = people.row(number, line, seed);
            line += u64::try_from(row.matches('\n').count()).unwrap();
            people.csv.push_str(&row);
        }
        people
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.rows - self.contacts.len() as u64 - self.rejected.len() as u64
    }

    fn row(&mut self, number: u64, line: u64, seed: &mut Seed) -> String {
        if number % WRONG == 7 {
            let (row, column) = wrong(number, seed);
            self.rejected.insert(line, column);
            return row;
        }
        let name = format!("Person, {number}");
        if number % AGAIN != 11 {
            let email = address(number);
            self.contacts.entry(email.clone()).or_default().insert(name.clone());
            return format!("{email},\"{name}\"\r\n");
        }
        let other = seed.between(0, self.rows - 1);
        // The row before one that is wrong, or somebody's second, is neither.
        let is_new = other % WRONG != 7 && other % AGAIN != 11;
        let email = address(if is_new { other } else { other - 1 });
        self.contacts.entry(email.clone()).or_default().insert(name.clone());
        // The same address, however it is written.
        format!(" {} ,\"{name}\"\r\n", email.to_uppercase())
    }
}

/// A row that cannot be imported, and which of its columns is why.
fn wrong(number: u64, seed: &mut Seed) -> (String, Option<&'static str>) {
    let mut row = String::new();
    // Writing to a text does not fail.
    let (written, column) = match seed.between(0, 3) {
        0 => (write!(row, "nobody {number},Person {number}\r\n"), Some("email")),
        1 => (write!(row, "{},\r\n", address(number)), Some("name")),
        2 => (write!(row, "{},\"Two\r\nlines\"\r\n", address(number)), Some("name")),
        _ => (write!(row, "{},Person {number},much\r\n", address(number)), None),
    };
    written.unwrap();
    (row, column)
}

fn address(number: u64) -> String {
    format!("p{number}@example.com")
}
