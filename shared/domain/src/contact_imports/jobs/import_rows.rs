//! One chunk of a file is imported: its contacts, its rejected rows and its counter in one transaction.

use postroom::port::{DeadLetter, ObjectError};
use postroom::{Effects, Envelope, Job, OnUnknown, Outcome, Tx, TxError};

use super::{ImportContacts, ImportContactsError, fail, give_up};
use crate::contact_imports::csv::{Rejection, Row, rows_of};
use crate::contact_imports::{
    ContactImport, ContactImportCompleted, Counts, ImportChunk, ImportCounter, ImportFile,
    ImportStatus, RejectedRow,
};
use crate::contacts::{AddContactError, Contact, ContactInput, NewContact};
use crate::id::ContactImportId;

/// What the owner of an import is told whose file is another one by now.
const REPLACED: &str = "the file was replaced or removed while it was being imported";

/// What was found where a chunk is.
#[derive(Debug, Clone)]
pub enum ChunkRead {
    /// Its rows, and how many chunks the file has.
    Rows { rows: Vec<Result<NewContact, Rejection>>, chunks: u32 },
    /// Not the file that was scanned.
    Replaced,
}

impl Job<ImportChunk> for ImportContacts {
    const NAME: &'static str = Self::NAME;
    /// Reading changes nothing.
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ChunkRead;
    type Error = ImportContactsError;

    async fn perform(
        &self,
        message: &Envelope<ImportChunk>,
        effects: &Effects,
    ) -> Result<Outcome<ChunkRead>, ImportContactsError> {
        let import_id = message.data.import_id;
        let found = effects.reader().get(&ContactImport::at(import_id)).await;
        let found = found.map_err(|source| ImportContactsError::Read { import_id, source })?;
        let import = found.map(|found| found.value);
        let Some(file) = import.as_ref().and_then(ContactImport::running_file) else {
            return Ok(Outcome::Skipped { reason: "the import is over" });
        };
        self.read_chunk(&message.data, file).await.map(Outcome::Done)
    }

    async fn record(
        &self,
        message: &Envelope<ImportChunk>,
        read: &ChunkRead,
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        let ImportChunk { import_id, ordinal, .. } = message.data;
        let recorded = match read {
            ChunkRead::Rows { rows, chunks } => import(import_id, ordinal, *chunks, rows, tx).await,
            ChunkRead::Replaced => fail(import_id, REPLACED, tx).await,
        };
        recorded.map_err(|source| ImportContactsError::Tx { import_id, source })
    }

    async fn on_give_up(
        &self,
        message: &Envelope<ImportChunk>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        give_up(message.data.import_id, tx).await
    }
}

impl ImportContacts {
    async fn read_chunk(
        &self,
        order: &ImportChunk,
        file: &ImportFile,
    ) -> Result<ChunkRead, ImportContactsError> {
        let ImportChunk { import_id, chunk, .. } = order;
        let (import_id, line) = (*import_id, chunk.line);
        let bytes = self.objects.read_range(&file.key, &file.etag, chunk.from..chunk.to).await;
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(ObjectError::Changed { .. } | ObjectError::Missing { .. }) => {
                return Ok(ChunkRead::Replaced);
            }
            Err(source) => return Err(ImportContactsError::Object { import_id, source }),
        };
        let rows = rows_of(chunk, &file.columns, &bytes).ok();
        let rows = rows.filter(|rows| rows.len() == usize::try_from(chunk.rows).unwrap_or(0));
        let rows = rows.ok_or(ImportContactsError::NotAsScanned { import_id, line })?;
        let rows = rows.into_iter().map(|row| row.and_then(contact_of)).collect();
        Ok(ChunkRead::Rows { rows, chunks: file.chunks })
    }
}

/// The contact that a row is about, or what is wrong with it: the first thing.
fn contact_of(row: Row) -> Result<NewContact, Rejection> {
    let Row { line, email, name, phone } = row;
    let phone = (!phone.is_empty()).then_some(phone);
    NewContact::try_from(ContactInput { email, name, phone }).map_err(|invalid| {
        let mut violations = invalid.violations.into_iter();
        let first = violations.next();
        let (path, reason) = first.map(|found| (found.path, found.message)).unwrap_or_default();
        Rejection { line, column: Some(path.trim_start_matches('/').to_owned()), reason }
    })
}

/// Stages what comes of a chunk's rows, and counts it.
async fn import(
    import_id: ContactImportId,
    ordinal: u32,
    chunks: u32,
    rows: &[Result<NewContact, Rejection>],
    tx: &mut Tx,
) -> Result<(), TxError> {
    let contact = |new: &NewContact| Contact::at(new.id(tx.tenant()));
    let places: Vec<_> = rows.iter().flatten().map(contact).collect();
    // One read for all. It only saves runs: a contact that comes meanwhile is met by the commit, and all this runs again.
    tx.load_many(&places).await?;
    let mut counts = Counts::default();
    for row in rows {
        match row {
            Err(rejection) => {
                tx.put_view(&RejectedRow::new(import_id, rejection))?;
                counts.rejected += 1;
            }
            Ok(new) => match new.add(tx).await {
                Ok(_) => counts.imported += 1,
                // There before this chunk, or in it.
                Err(AddContactError::Exists { .. }) => counts.duplicates += 1,
                Err(AddContactError::Tx { source, .. }) => return Err(source),
            },
        }
    }
    count(import_id, ordinal, chunks, counts, tx).await
}

/// Counts a chunk; the last of all completes the import.
async fn count(
    import_id: ContactImportId,
    ordinal: u32,
    chunks: u32,
    counts: Counts,
    tx: &mut Tx,
) -> Result<(), TxError> {
    let number = ImportCounter::of_chunk(ordinal, chunks);
    let before = tx.load(&ImportCounter::at(import_id, number)).await?;
    let counter = before.unwrap_or_else(|| ImportCounter::new(import_id, number)).with(counts);
    tx.save(&counter)?;
    if !counter.is_done(chunks) {
        return Ok(());
    }
    let Some(before) = tx.load(&ContactImport::at(import_id)).await? else { return Ok(()) };
    let was_running = before.status == ImportStatus::Running;
    let import = before.counted(number, tx.now());
    tx.save(&import)?;
    if was_running && import.status == ImportStatus::Completed {
        let rows = import.file.map_or(0, |file| file.rows);
        tx.emit(ContactImportCompleted { import_id, rows })?;
    }
    Ok(())
}
