//! How an import stands: `GET /contact-imports/{id}`.

use postroom::{Classify, ReadError, Reader, Refusal, RefusalKind, Refuse, Verdict};

use crate::contact_imports::{ContactImport, ContactImportView, ImportCounter};
use crate::id::ContactImportId;

/// Why an import, or something of it, is not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetContactImportError {
    /// The tenant has no such import.
    #[error("there is no contact import {import_id}")]
    NotFound { import_id: ContactImportId },
    /// It could not be read; retryable as the store says.
    #[error("cannot show contact import {import_id}")]
    Read {
        import_id: ContactImportId,
        #[source]
        source: ReadError,
    },
}

impl Classify for GetContactImportError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for GetContactImportError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "contact-import-not-found", kind: RefusalKind::NotFound })
            }
            Self::Read { .. } => None,
        }
    }
}

/// The import as of now. No number of it ever goes back.
///
/// # Errors
/// See [`GetContactImportError`].
pub async fn get_contact_import(
    reader: &Reader,
    import_id: ContactImportId,
) -> Result<ContactImportView, GetContactImportError> {
    let read = |source| GetContactImportError::Read { import_id, source };
    // First the import: where that is completed, all its counters are.
    let import = reader.get(&ContactImport::at(import_id)).await.map_err(read)?;
    let import = import.ok_or(GetContactImportError::NotFound { import_id })?.value;
    let counters = reader.list(ImportCounter::all(import_id)).await.map_err(read)?;
    let counts = counters.items.into_iter().map(|counter| counter.value.counts);
    Ok(ContactImportView::of(import, counts))
}
