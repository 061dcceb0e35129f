//! `contact_import.started`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::id::ContactImportId;

/// The file is there, can be imported, and its chunks are on their way.
///
/// ```json
/// {"import_id":"0192…","rows":48,"chunks":2}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImportStarted {
    /// Which import.
    pub import_id: ContactImportId,
    /// How many rows it has.
    pub rows: u64,
    /// In how many chunks.
    pub chunks: u32,
}

impl Message for ContactImportStarted {
    const TYPE: &'static str = "contact_import.started";
}

impl Event for ContactImportStarted {
    fn stream(&self) -> StreamId {
        ContactImport::stream(self.import_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<ContactImportStarted>(include_str!(
            "../../../../events/versions/contact_import.started.v1.json"
        ));
    }
}
