//! Why a step of an import was not taken.

use postroom::port::ObjectError;
use postroom::{Classify, ObjectKey, ReadError, TxError, Verdict};

use crate::id::ContactImportId;

/// Why a step of an import was not taken. What is wrong with a file is none of these: its import fails, and that is done.
#[derive(Debug, thiserror::Error)]
pub enum ImportContactsError {
    /// Something was put into the bucket that no import has asked for. Permanent.
    #[error("{key} is the file of no import")]
    NoImport { key: ObjectKey },
    /// The import could not be read; retryable as the store says.
    #[error("cannot read contact import {import_id}")]
    Read {
        import_id: ContactImportId,
        #[source]
        source: ReadError,
    },
    /// The file could not be read; retryable as where it lies says.
    #[error("cannot read the file of contact import {import_id}")]
    Object {
        import_id: ContactImportId,
        #[source]
        source: ObjectError,
    },
    /// A chunk holds other rows than when the file was scanned, though it is the same file. Permanent: a mistake of ours.
    #[error("the chunk at line {line} of contact import {import_id} is not as it was scanned")]
    NotAsScanned { import_id: ContactImportId, line: u64 },
    /// What came of it could not be staged; retryable as the store says.
    #[error("cannot record what came of contact import {import_id}")]
    Tx {
        import_id: ContactImportId,
        #[source]
        source: TxError,
    },
}

impl Classify for ImportContactsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NoImport { .. } | Self::NotAsScanned { .. } => Verdict::Permanent,
            Self::Read { source, .. } => source.verdict(),
            Self::Object { source, .. } => source.verdict(),
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}
