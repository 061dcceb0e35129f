//! How contacts are searched: by two entries of each, one under its e-mail and one under its name.

use std::fmt;

use postroom::{List, Place, Stored};
use serde::{Deserialize, Serialize};

use crate::contacts::Contact;

/// The most bytes of an entry's id, behind which nothing is searched; a sort key has 1,024.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-22.
const MAX_NAME_BYTES: usize = 900;

/// Under which of its parts a contact is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    /// Its address.
    Email,
    /// Its name.
    Name,
}

/// A view: a contact as it is listed under one of its parts.
///
/// Within `email` its id is the address; within `name` the name as it is compared, two spaces and the contact's id. A name
/// that is compared has no two spaces in a row, so that no beginning of one reaches into an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContactEntry {
    by: By,
    pub(super) contact: Contact,
}

impl ContactEntry {
    /// Both entries of a contact.
    pub(super) fn of(contact: &Contact) -> [Self; 2] {
        [By::Email, By::Name].map(|by| Self { by, contact: contact.clone() })
    }

    /// All whose part begins so.
    pub(super) fn beginning_with(by: By, folded: &str) -> List<Self> {
        List::within(by).beginning_with(folded)
    }
}

impl Stored for ContactEntry {
    const COLLECTION: &'static str = "contact-entries";

    fn place(&self) -> Place<Self> {
        let Contact { id, email, name, .. } = &self.contact;
        match self.by {
            By::Email => Place::within(By::Email, email),
            By::Name => {
                let mut name = fold(name);
                name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
                Place::within(By::Name, format!("{}  {id}", name.trim_end()))
            }
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email => "email",
            Self::Name => "name",
        })
    }
}

/// A text as it is compared: whatever the case of its letters, with one space for any, and none around it.
///
/// Letter by letter, large and then small, so that `STRASSE` is how `straße` begins and every sigma is the same. A word and
/// the beginning of one fold alike, which `str::to_lowercase` does not do: it looks at what follows. Marks that are letters
/// of their own stay so: `é` of one code point is not that of two.
pub(super) fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::contacts::{ContactQuery, Email};

    fn id_of(by: By, name: &str) -> String {
        let contact = Contact {
            id: Uuid::from_u128(1).into(),
            email: Email::try_from("ann@example.com".to_owned()).unwrap(),
            name: name.to_owned(),
            phone: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        ContactEntry { by, contact }.place().key(&"demo".parse().unwrap()).id
    }

    #[test]
    fn an_entry_lies_under_what_is_compared() {
        assert_eq!(id_of(By::Email, "Ann"), "ann@example.com");
        assert_eq!(
            id_of(By::Name, " Ann \t SMITH"),
            "ann smith  00000000-0000-0000-0000-000000000001"
        );
    }

    #[test]
    fn case_does_not_count_in_any_script_nor_does_how_much_space_there_is() {
        for (one, same) in [
            ("ANN", "ann"),
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Ünal", "ünal"),
            ("ЖЕНЯ", "женя"),
            ("a\u{3000}\u{a0} b", "A B"),
        ] {
            assert_eq!(fold(one), fold(same), "{one:?}");
        }
        assert_ne!(fold("Ann"), fold("Anna"));
    }

    #[test]
    fn the_beginning_of_a_text_folds_to_the_beginning_of_what_it_folds_to() {
        for text in ["ΟΔΥΣΣΕΥΣ ΣΑΣ", "Straße ﬁn", "İstanbul Iı", "Ann  Smith", "日本 太郎"]
        {
            for (end, _) in text.char_indices() {
                assert!(fold(text).starts_with(&fold(&text[..end])), "{:?}", &text[..end]);
            }
        }
    }

    #[test]
    fn the_longest_name_is_a_key_and_the_longest_query_is_searched_whole() {
        let most = (char::MIN..=char::MAX).map(|letter| fold(&letter.to_string()).len()).max();
        let longest = (char::MIN..=char::MAX).find(|letter| fold(&letter.to_string()).len() == 6);

        let name = longest.unwrap().to_string().repeat(200);

        assert_eq!(most, Some(6));
        assert!(id_of(By::Name, &name).len() <= 1024);
        const { assert!(6 * ContactQuery::MAX_CHARS <= MAX_NAME_BYTES) };
    }
}
