//! `contact_import.failed`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::id::ContactImportId;

/// The file is not imported, or not any further.
///
/// ```json
/// {"import_id":"0192…","reason":"the file has more than 200000 rows"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImportFailed {
    /// Which import.
    pub import_id: ContactImportId,
    /// Why not, for its owner.
    pub reason: String,
}

impl Message for ContactImportFailed {
    const TYPE: &'static str = "contact_import.failed";
}

impl Event for ContactImportFailed {
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
        shipped::reads::<ContactImportFailed>(include_str!(
            "../../../../events/versions/contact_import.failed.v1.json"
        ));
    }
}
