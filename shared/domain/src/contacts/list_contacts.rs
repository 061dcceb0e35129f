//! The contacts of a tenant, or those that are searched for: `GET /contacts?query=`.

use std::fmt;
use std::str::FromStr;

use postroom::port::Page;
use postroom::{ReadError, Reader};

use crate::contacts::Contact;
use crate::contacts::search::{By, ContactEntry, fold};
use crate::page::PageRequest;

/// The most reads of one call. A page that is not full by then is short, and says where to go on.
const MAX_READS: usize = 10;
/// The most bytes of a position behind its kind: a sort key.
// The documentation of `aws-sdk-dynamodb` 1.136, read 2026-11-22.
const MAX_POSITION_BYTES: usize = 1024;

/// What contacts are searched by: how their e-mail or their name begins, whatever its case. Empty, it finds all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    folded: String,
}

/// A query of more characters than are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has more than {} characters", ContactQuery::MAX_CHARS)]
pub struct QueryTooLong;

/// Behind which entry a page of contacts begins: `email#ann@example.com` or `name#ann smith  4c1f…`. Without anything behind
/// the `#`, before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPosition {
    by: By,
    after: Option<String>,
}

/// A text that is no position of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no position among contacts")]
pub struct InvalidPosition;

/// A page of the contacts that a query finds, as of now.
///
/// First come those whose e-mail begins so, in the order of their e-mails, then the others whose name begins so, in the order
/// of their names; so all contacts are in the order of their e-mails. Each comes once: whom the first part has shown, the
/// second leaves out, by nothing but what both know of it. A position is the last entry that was looked at, so that what
/// stays is neither skipped nor repeated, whoever comes in between. A page can be short, even empty, and still name a next
/// one.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_contacts(
    reader: &Reader,
    query: &ContactQuery,
    request: PageRequest,
) -> Result<Page<Contact>, ReadError> {
    let PageRequest { limit, after } = request;
    // Any other than the first is one that a page has named.
    let mut position = after.and_then(|after| after.parse().ok()).unwrap_or_default();
    let mut items = Vec::new();
    for _ in 0..MAX_READS {
        let ContactPosition { by, after } = position;
        let list = ContactEntry::beginning_with(by, &query.folded);
        let found = reader.list(list.limit(limit - items.len()).after(after)).await?;
        let contacts = found.items.into_iter().map(|entry| entry.value.contact);
        items.extend(contacts.filter(|contact| query.finds_first(contact) == by));
        position = match (by, found.next) {
            (by, Some(after)) => ContactPosition { by, after: Some(after) },
            (By::Email, None) if !query.folded.is_empty() => {
                ContactPosition { by: By::Name, after: None }
            }
            (By::Email | By::Name, None) => return Ok(Page { items, next: None }),
        };
        if items.len() == limit {
            break;
        }
    }
    Ok(Page { items, next: Some(position.to_string()) })
}

impl ContactQuery {
    /// The most characters that are searched.
    pub const MAX_CHARS: usize = 100;

    /// The query as it is compared; two that are equal so find the same.
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// Which of a contact's entries shows it. It has been found, so what does not begin so is found by the other.
    fn finds_first(&self, contact: &Contact) -> By {
        if contact.email.as_str().starts_with(&self.folded) { By::Email } else { By::Name }
    }
}

impl FromStr for ContactQuery {
    type Err = QueryTooLong;

    fn from_str(text: &str) -> Result<Self, QueryTooLong> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(QueryTooLong);
        }
        Ok(Self { folded: fold(text) })
    }
}

impl Default for ContactPosition {
    fn default() -> Self {
        Self { by: By::Email, after: None }
    }
}

impl FromStr for ContactPosition {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (by, after) = match text.split_once('#').ok_or(InvalidPosition)? {
            ("email", after) => (By::Email, after),
            ("name", after) => (By::Name, after),
            _ => return Err(InvalidPosition),
        };
        if after.len() > MAX_POSITION_BYTES {
            return Err(InvalidPosition);
        }
        Ok(Self { by, after: Some(after.to_owned()).filter(|after| !after.is_empty()) })
    }
}

impl fmt::Display for ContactPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, after } = self;
        write!(f, "{by}#{}", after.as_deref().unwrap_or_default())
    }
}
