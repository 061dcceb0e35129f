//! Stopping an import: `POST /contact-imports/{id}/cancel`.

use postroom::{Classify, Command, Refusal, RefusalKind, Refuse, Tx, TxError, Verdict};

use crate::contact_imports::{ContactImport, ContactImportCancelled, ImportStatus};
use crate::id::ContactImportId;

/// Stops an import: no chunk of it begins any more. What was imported stays, and what is at it when it is stopped is still
/// imported and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelContactImport {
    /// Which.
    pub import_id: ContactImportId,
}

/// Why an import was not stopped.
#[derive(Debug, thiserror::Error)]
pub enum CancelContactImportError {
    /// The tenant has no such import.
    #[error("there is no contact import {import_id}")]
    NotFound { import_id: ContactImportId },
    /// There is nothing to stop.
    #[error("contact import {import_id} is {status}, not waiting or running")]
    Over { import_id: ContactImportId, status: ImportStatus },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot cancel contact import {import_id}")]
    Tx {
        import_id: ContactImportId,
        #[source]
        source: TxError,
    },
}

impl Classify for CancelContactImportError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } | Self::Over { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for CancelContactImportError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "contact-import-not-found", kind: RefusalKind::NotFound })
            }
            Self::Over { .. } => {
                Some(Refusal { code: "contact-import-over", kind: RefusalKind::Conflict })
            }
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl Command for CancelContactImport {
    const NAME: &'static str = "cancel-contact-import";
    type Output = ();
    type Error = CancelContactImportError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), CancelContactImportError> {
        let Self { import_id } = *self;
        let failed = |source| CancelContactImportError::Tx { import_id, source };
        let found = tx.load(&ContactImport::at(import_id)).await.map_err(failed)?;
        let import = found.ok_or(CancelContactImportError::NotFound { import_id })?;
        let status = import.status;
        if status.is_over() {
            return Err(CancelContactImportError::Over { import_id, status });
        }
        let cancelled = import.cancelled(tx.now());
        tx.save(&cancelled).map_err(failed)?;
        tx.emit(ContactImportCancelled { import_id }).map_err(failed)?;
        Ok(())
    }
}
