//! Adding a contact: `POST /contacts`, and each row of an import.

use garde::Validate;
use postroom::{Classify, Command, Refusal, RefusalKind, Refuse, TenantId, Tx, TxError, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::contacts::search::ContactEntry;
use crate::contacts::{Contact, ContactAdded, Email};
use crate::id::ContactId;
use crate::input::{InvalidInput, LINE, MAX_LINE_CHARS, Violation, is_a_line, is_a_line_of};

/// The most characters of a phone number.
const MAX_PHONE_CHARS: usize = 40;

/// What a caller sends, or a row has: `{email, name, phone?}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "email": "ann@example.com",
    "name": "Ann Smith",
    "phone": "+64 21 123 456",
}]))]
pub struct ContactInput {
    /// An address, however it is written.
    #[schemars(with = "Email")]
    #[garde(custom(|email: &str, _context: &()| is_an_address(email)))]
    pub email: String,
    /// What the person is called.
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|name: &str, _context: &()| is_a_line(name)))]
    pub name: String,
    /// A number, however it is written.
    #[schemars(length(max = MAX_PHONE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|phone: &Option<String>, _context: &()| is_a_number(phone.as_deref())))]
    pub phone: Option<String>,
}

/// A contact to be: nothing of it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContact {
    email: Email,
    name: String,
    phone: Option<String>,
}

/// Adds a contact, unless there is one of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddContact(pub NewContact);

/// Why a contact was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddContactError {
    /// The tenant has one of this address.
    #[error("there is a contact of this e-mail address already: {contact_id}")]
    Exists { contact_id: ContactId },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot add contact {contact_id}")]
    Tx {
        contact_id: ContactId,
        #[source]
        source: TxError,
    },
}

impl Classify for AddContactError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Exists { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for AddContactError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Exists { .. } => {
                Some(Refusal { code: "contact-exists", kind: RefusalKind::Conflict })
            }
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl TryFrom<ContactInput> for NewContact {
    type Error = InvalidInput;

    fn try_from(input: ContactInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        let ContactInput { email, name, phone } = input;
        let email = Email::try_from(email).map_err(|invalid| {
            let (path, message) = ("/email".to_owned(), invalid.to_string());
            InvalidInput { violations: vec![Violation { path, message }] }
        })?;
        let phone = phone.map(|phone| phone.trim().to_owned());
        Ok(Self { email, name: name.trim().to_owned(), phone })
    }
}

impl NewContact {
    /// What each costs its transaction: the contact, its event and its two entries. One that is there costs one.
    pub const ACTIONS: usize = 4;

    /// The id it will have in a tenant.
    pub fn id(&self, tenant: &TenantId) -> ContactId {
        ContactId::of(tenant, &self.email)
    }

    /// Stages the contact with all that belongs to it, unless there is one.
    ///
    /// What was [loaded with others](Tx::load_many) is not read again; what is staged counts as there. That it is still new
    /// at the commit, its own item decides: who comes second re-runs, and finds it.
    ///
    /// # Errors
    /// See [`AddContactError`]; nothing of it is staged where it [exists](AddContactError::Exists).
    pub async fn add(&self, tx: &mut Tx) -> Result<Contact, AddContactError> {
        let contact_id = self.id(tx.tenant());
        let failed = |source| AddContactError::Tx { contact_id, source };
        if tx.load(&Contact::at(contact_id)).await.map_err(failed)?.is_some() {
            return Err(AddContactError::Exists { contact_id });
        }
        let Self { email, name, phone } = self.clone();
        let contact = Contact { id: contact_id, email, name, phone, created_at: tx.now() };
        contact.stage(tx).map_err(failed)?;
        Ok(contact)
    }
}

impl Contact {
    fn stage(&self, tx: &mut Tx) -> Result<(), TxError> {
        tx.save(self)?;
        for entry in ContactEntry::of(self) {
            tx.put_view(&entry)?;
        }
        let Self { id: contact_id, email, name, phone, .. } = self.clone();
        tx.emit(ContactAdded { contact_id, email, name, phone })?;
        Ok(())
    }
}

impl Command for AddContact {
    const NAME: &'static str = "add-contact";
    type Output = Contact;
    type Error = AddContactError;

    async fn handle(&self, tx: &mut Tx) -> Result<Contact, AddContactError> {
        self.0.add(tx).await
    }
}

fn is_an_address(email: &str) -> garde::Result {
    let read = Email::try_from(email.to_owned());
    read.map(drop).map_err(garde::Error::new)
}

fn is_a_number(phone: Option<&str>) -> garde::Result {
    phone.map_or(Ok(()), |phone| is_a_line_of(MAX_PHONE_CHARS, phone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(email: &str, name: &str, phone: Option<&str>) -> ContactInput {
        let (email, name, phone) = (email.to_owned(), name.to_owned(), phone.map(str::to_owned));
        ContactInput { email, name, phone }
    }

    fn violations(input: ContactInput) -> Vec<String> {
        let invalid = NewContact::try_from(input).unwrap_err();
        invalid.violations.into_iter().map(|violation| violation.path).collect()
    }

    #[test]
    fn a_contact_is_taken_without_the_space_around_its_fields() {
        let contact = NewContact::try_from(input(" Ann@Example.com ", " Ann Smith ", Some(" 1 ")));

        let email = Email::try_from("ann@example.com".to_owned()).unwrap();
        let (name, phone) = ("Ann Smith".to_owned(), Some("1".to_owned()));
        assert_eq!(contact.unwrap(), NewContact { email, name, phone });
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let wrong = input("ann", " ", Some("one\ntwo"));

        assert_eq!(violations(wrong), ["/email", "/name", "/phone"]);
    }

    #[test]
    fn a_name_has_200_characters_at_most_and_a_number_40() {
        let sized = |name: usize, phone: usize| {
            input("ann@example.com", &"é".repeat(name), Some(&"1".repeat(phone)))
        };

        assert!(NewContact::try_from(sized(200, 40)).is_ok());
        assert_eq!(violations(sized(201, 41)), ["/name", "/phone"]);
        assert_eq!(violations(sized(0, 0)), ["/name", "/phone"]);
    }
}
