//! The work of an import: its file is scanned, its chunks are sent off, the rows of each are imported.

mod error;
mod scan_file;
mod spread_chunks;
mod import_rows;

use std::fmt;
use std::sync::Arc;

use postroom::port::Objects;
use postroom::{Tx, TxError};

use crate::contact_imports::{ContactImport, ContactImportFailed};
use crate::id::ContactImportId;

pub use error::ImportContactsError;
pub use import_rows::ChunkRead;
pub use scan_file::Scanned;

/// What the owner of an import is told when we have given up on a part of it.
const OUR_FAULT: &str = "a part of the file could not be imported, by a fault of ours; what was imported stays, and is not \
    imported again with the same file";

/// Imports uploaded files: a job for what is put into the bucket, for the chunks to be sent off, and for each chunk.
///
/// A job and not a listener of a queue: what it reads outside is read before its transaction, so that a race that is lost
/// over a contact does not read the file again.
#[derive(Clone)]
pub struct ImportContacts {
    objects: Arc<dyn Objects>,
}

impl ImportContacts {
    /// The job's name, and its queue's.
    pub const NAME: &'static str = "import-contacts";

    /// The job, reading files here.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }
}

/// Fails an import that is not over.
async fn fail(import_id: ContactImportId, reason: &str, tx: &mut Tx) -> Result<(), TxError> {
    let Some(import) = tx.load(&ContactImport::at(import_id)).await? else { return Ok(()) };
    if import.status.is_over() {
        return Ok(());
    }
    tx.save(&import.failed(reason.to_owned(), tx.now()))?;
    tx.emit(ContactImportFailed { import_id, reason: reason.to_owned() })?;
    Ok(())
}

/// Tells the owner of an import that we have given up on a part of it.
async fn give_up(import_id: ContactImportId, tx: &mut Tx) -> Result<(), ImportContactsError> {
    let failed = fail(import_id, OUR_FAULT, tx).await;
    failed.map_err(|source| ImportContactsError::Tx { import_id, source })
}

impl fmt::Debug for ImportContacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportContacts").finish_non_exhaustive()
    }
}
