//! One contact: `GET /contacts/{id}`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::contacts::Contact;
use crate::id::ContactId;

/// Why a contact, or something of it, is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetContactError {
    /// The tenant has no such contact.
    #[error("there is no contact {contact_id}")]
    NotFound { contact_id: ContactId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show contact {contact_id}")]
    Read {
        contact_id: ContactId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetContactError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetContactError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "contact-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The contact as of now.
///
/// # Errors
/// See [`GetContactError`].
pub async fn get_contact(
    reader: &Reader,
    contact_id: ContactId,
) -> Result<Contact, GetContactError> {
    let found = reader.get(&Contact::at(contact_id)).await;
    let found = found.map_err(|source| GetContactError::Read { contact_id, source })?;
    found.map(|found| found.value).ok_or(GetContactError::NotFound { contact_id })
}
