//! Some of an import's chunks are sent off, each as a message of its own.

use std::time::Duration;

use postroom::port::DeadLetter;
use postroom::{Effects, Envelope, Job, OnUnknown, Outcome, Tx, TxError};

use super::{ImportContacts, ImportContactsError, give_up};
use crate::contact_imports::{ContactImport, ImportChunk, ImportSpread};

impl Job<ImportSpread> for ImportContacts {
    const NAME: &'static str = Self::NAME;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ImportContactsError;

    async fn perform(
        &self,
        message: &Envelope<ImportSpread>,
        effects: &Effects,
    ) -> Result<Outcome<()>, ImportContactsError> {
        let import_id = message.data.import_id;
        let found = effects.reader().get(&ContactImport::at(import_id)).await;
        let found = found.map_err(|source| ImportContactsError::Read { import_id, source })?;
        if found.is_some_and(|import| import.value.running_file().is_some()) {
            return Ok(Outcome::DONE);
        }
        Ok(Outcome::Skipped { reason: "the import is over" })
    }

    async fn record(
        &self,
        message: &Envelope<ImportSpread>,
        (): &(),
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        let import_id = message.data.import_id;
        spread(&message.data, tx).map_err(|source| ImportContactsError::Tx { import_id, source })
    }

    async fn on_give_up(
        &self,
        message: &Envelope<ImportSpread>,
        _letter: &DeadLetter,
        tx: &mut Tx,
    ) -> Result<(), ImportContactsError> {
        give_up(message.data.import_id, tx).await
    }
}

fn spread(order: &ImportSpread, tx: &mut Tx) -> Result<(), TxError> {
    let ImportSpread { import_id, first, chunks } = order;
    for (ordinal, chunk) in (*first..).zip(chunks) {
        let order = ImportChunk { import_id: *import_id, ordinal, chunk: *chunk };
        tx.enqueue(order, Duration::ZERO)?;
    }
    Ok(())
}
