//! A file was uploaded: it is read once, whole but never held whole, and its import begins or fails.

use std::time::Duration;

use postroom::port::{DeadLetter, ObjectError};
use postroom::{
    ETag, Effects, Envelope, Job, ObjectCreated, ObjectKey, OnUnknown, Outcome, Tx, TxError,
};

use super::{ImportContacts, ImportContactsError, fail, give_up};
use crate::contact_imports::csv::{FileError, Plan, Scan};
use crate::contact_imports::limits::{FAN_OUT, MAX_FILE_BYTES};
use crate::contact_imports::{
    ContactImport, ContactImportCompleted, ContactImportStarted, ImportFile, ImportSpread,
    ImportStatus, UploadedFile,
};
use crate::id::ContactImportId;

/// What a file was found to be.
#[derive(Debug, Clone)]
pub struct Scanned {
    import_id: ContactImportId,
    found: Result<Plan, FileError>,
}

impl Job<ObjectCreated> for ImportContacts {
    const NAME: &'static str = Self::NAME;
    /// Reading changes nothing.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    /// For 100 MiB.
    const TIME_NEEDED: Duration = Duration::from_secs(40);
    type Done = Scanned;
    type Error = ImportContactsError;

    async fn perform(
        &self,
        message: &Envelope<ObjectCreated>,
        effects: &Effects,
    ) -> Result<Outcome<Scanned>, ImportContactsError> {
        let ObjectCreated { key, etag, size_bytes, .. } = &message.data;
        let import_id = import_of(key)?;
        let found = effects.reader().get(&ContactImport::at(import_id)).await;
        let found = found.map_err(|source| ImportContactsError::Read { import_id, source })?;
        if found.is_none_or(|import| import.value.status != ImportStatus::Waiting) {
            return Ok(Outcome::Skipped { reason: "no import waits for it" });
        }
        if *size_bytes > MAX_FILE_BYTES {
            let found = Err(FileError::TooLarge { size_bytes: *size_bytes });
            return Ok(Outcome::Done(Scanned { import_id, found }));
        }
        match self.scan(key, etag).await {
            Ok(found) => Ok(Outcome::Done(Scanned { import_id, found })),
            Err(ObjectError::Changed { .. }) => {
                Ok(Outcome::Skipped { reason: "another file was put there, which is told as well" })
            }
            Err(source) => Err(ImportContactsError::Object { import_id, source }),
        }
    }

    async fn record(
        &self,
        message: &Envelope<ObjectCreated>,
        scanned: &Scanned,
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        let Scanned { import_id, found } = scanned;
        let ObjectCreated { key, etag, .. } = &message.data;
        let recorded = match found {
            Ok(plan) => start(*import_id, plan, key, etag, tx).await,
            Err(wrong) => fail(*import_id, &wrong.to_string(), tx).await,
        };
        recorded.map_err(|source| ImportContactsError::Tx { import_id: *import_id, source })
    }

    async fn on_give_up(
        &self,
        message: &Envelope<ObjectCreated>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        give_up(import_of(&message.data.key)?, tx).await
    }
}

impl ImportContacts {
    /// Reads a file from its beginning to its end, or as far as it is one that we take.
    async fn scan(
        &self,
        key: &ObjectKey,
        etag: &ETag,
    ) -> Result<Result<Plan, FileError>, ObjectError> {
        let mut pieces = self.objects.read(key, etag, 0).await?;
        let mut scan = Scan::new();
        while let Some(piece) = pieces.next().await? {
            if let Err(wrong) = scan.read(&piece) {
                return Ok(Err(wrong));
            }
        }
        Ok(scan.finish())
    }
}

fn import_of(key: &ObjectKey) -> Result<ContactImportId, ImportContactsError> {
    let file = UploadedFile::of_key(key);
    let file = file.ok_or_else(|| ImportContactsError::NoImport { key: key.clone() })?;
    Ok(file.import_id)
}

/// Begins an import, unless it was stopped or has begun with another file.
async fn start(
    import_id: ContactImportId,
    plan: &Plan,
    key: &ObjectKey,
    etag: &ETag,
    tx: &mut Tx,
) -> Result<(), TxError> {
    let Some(import) = tx.load(&ContactImport::at(import_id)).await? else { return Ok(()) };
    if import.status != ImportStatus::Waiting {
        return Ok(());
    }
    let Plan { columns, rows, ref chunks } = *plan;
    let file = ImportFile {
        key: key.clone(),
        etag: etag.clone(),
        columns,
        rows,
        chunks: number(chunks.len()),
    };
    let started = ContactImportStarted { import_id, rows, chunks: file.chunks };
    let import = import.started(file, tx.now());
    tx.save(&import)?;
    tx.emit(started)?;
    if import.status == ImportStatus::Completed {
        tx.emit(ContactImportCompleted { import_id, rows })?;
    }
    for (index, chunks) in chunks.chunks(FAN_OUT).enumerate() {
        let first = number(index * FAN_OUT);
        tx.enqueue(ImportSpread { import_id, first, chunks: chunks.to_vec() }, Duration::ZERO)?;
    }
    Ok(())
}

/// How many chunks: as many as rows at most, and so few enough.
fn number(chunks: usize) -> u32 {
    u32::try_from(chunks).unwrap_or(u32::MAX)
}
