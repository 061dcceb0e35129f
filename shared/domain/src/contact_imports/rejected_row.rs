//! A row that was not imported, as it is stored.

use postroom::{List, Place, Stored};
use serde::{Deserialize, Serialize};

use crate::contact_imports::csv::Rejection;
use crate::id::ContactImportId;

/// A view within its import. Its id there is its line in twenty digits, so that rows are in the order of the file.
///
/// What stands in the row is not kept: whoever has the file has it, and nobody else needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Whose row.
    pub import_id: ContactImportId,
    /// What callers see of it.
    #[serde(flatten)]
    pub rejection: Rejection,
}

impl RejectedRow {
    pub(super) fn new(import_id: ContactImportId, rejection: &Rejection) -> Self {
        Self { import_id, rejection: rejection.clone() }
    }

    /// All of one import.
    pub(super) fn of(import_id: ContactImportId) -> List<Self> {
        List::within(import_id)
    }
}

impl Stored for RejectedRow {
    const COLLECTION: &'static str = "rejected-rows";

    fn place(&self) -> Place<Self> {
        Place::within(self.import_id, format!("{:020}", self.rejection.line))
    }
}
