//! `contact_import.completed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::id::ContactImportId;

/// All rows of the file were looked at. How many came to what is in the import.
///
/// ```json
/// {"import_id":"0192…","rows":48}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImportCompleted {
    /// Which import.
    pub import_id: ContactImportId,
    /// How many there were.
    pub rows: u64,
}

impl Message for ContactImportCompleted {
    const TYPE: &'static str = "contact_import.completed";
}

impl Event for ContactImportCompleted {
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
        shipped::reads::<ContactImportCompleted>(include_str!(
            "../../../../events/versions/contact_import.completed.v1.json"
        ));
    }
}
