//! Which column of a file holds what.

use serde::{Deserialize, Serialize};

use crate::contact_imports::csv::FileError;
use crate::contact_imports::csv::records::Record;

/// The names by which a column is known. Case, space and punctuation in a header do not count: `E-Mail Address` is
/// `emailaddress`.
const EMAIL: &[&str] = &["email", "emailaddress"];
const NAME: &[&str] = &["name", "fullname"];
const PHONE: &[&str] = &["phone", "phonenumber", "telephone"];

/// Where the fields of a contact are in each row: `{"email":0,"name":2,"phone":1,"count":3}`; `phone` may be absent.
///
/// | field | names of its column |
/// |---|---|
/// | `email` | email, email address |
/// | `name` | name, full name |
/// | `phone`, which a file need not have | phone, phone number, telephone |
///
/// In any order and case; space and punctuation do not count. Other columns are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    pub(super) email: usize,
    pub(super) name: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<usize>,
    /// How many there are in the header.
    pub(super) count: usize,
}

impl Columns {
    /// What a header says.
    pub(super) fn of(header: &Record<'_>) -> Result<Self, FileError> {
        if header.is_too_wide() {
            return Err(FileError::TooManyColumns);
        }
        let names: Vec<String> = header.fields().map(|field| plain(&field)).collect();
        let email = find(&names, EMAIL, "email")?;
        let name = find(&names, NAME, "name")?;
        Ok(Self {
            email: email.ok_or(FileError::ColumnMissing { column: "email" })?,
            name: name.ok_or(FileError::ColumnMissing { column: "name" })?,
            phone: find(&names, PHONE, "phone")?,
            count: names.len(),
        })
    }
}

/// The one column that has one of these names, if any has.
fn find(
    names: &[String],
    known: &[&str],
    column: &'static str,
) -> Result<Option<usize>, FileError> {
    let mut found = (0..names.len()).filter(|index| known.contains(&names[*index].as_str()));
    let first = found.next();
    if found.next().is_some() {
        return Err(FileError::ColumnTwice { column });
    }
    Ok(first)
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
