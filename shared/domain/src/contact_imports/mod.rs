//! Contact imports: many contacts at once, from a file that is uploaded, read in chunks and counted exactly.
//!
//! An import waits for its file. That somebody has put it there begins the work of [`jobs::ImportContacts`]: the file is read
//! once, to know whether it can be imported and where to cut it; its chunks are sent off in two steps; each is imported in
//! one transaction with its counter, once, in any order and side by side.

pub mod csv;
pub mod limits;

mod uploaded_file;
mod contact_import;
mod counter;
mod rejected_row;
mod contact_import_view;
mod contact_import_created;
mod contact_import_started;
mod contact_import_completed;
mod contact_import_failed;
mod contact_import_cancelled;
mod import_spread;
mod import_chunk;
mod create_contact_import;
mod cancel_contact_import;
mod get_contact_import;
mod list_rejected_rows;

pub mod jobs;

pub use cancel_contact_import::{CancelContactImport, CancelContactImportError};
pub use contact_import::{ContactImport, ImportFile, ImportStatus};
pub use contact_import_cancelled::ContactImportCancelled;
pub use contact_import_completed::ContactImportCompleted;
pub use contact_import_created::ContactImportCreated;
pub use contact_import_failed::ContactImportFailed;
pub use contact_import_started::ContactImportStarted;
pub use contact_import_view::ContactImportView;
pub use counter::{Counts, ImportCounter};
pub use create_contact_import::{ContactImportInput, CreateContactImport};
pub use get_contact_import::{GetContactImportError, get_contact_import};
pub use import_chunk::ImportChunk;
pub use import_spread::ImportSpread;
pub use list_rejected_rows::{list_rejected_rows, list_rejected_rows_at_once};
pub use rejected_row::RejectedRow;
pub use uploaded_file::{PREFIX, UploadedFile};

#[cfg(test)]
mod tests;
