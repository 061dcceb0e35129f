//! Contacts: whom a tenant may write to, each known by its e-mail address.

mod email;
mod search;
mod contact;
mod contact_added;
mod add_contact;
mod get_contact;
mod list_contacts;
mod list_contact_timeline;

pub use add_contact::{AddContact, AddContactError, ContactInput, NewContact};
pub use contact::Contact;
pub use contact_added::ContactAdded;
pub use email::{Email, InvalidEmail};
pub use get_contact::{GetContactError, get_contact};
pub use list_contact_timeline::list_contact_timeline;
pub use list_contacts::{ContactPosition, ContactQuery, QueryTooLong, list_contacts};
