//! `contact_import.created`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::id::ContactImportId;

/// Somebody wants to import a file, and may upload it.
///
/// ```json
/// {"import_id":"0192…","file_name":"people.csv","size_bytes":1024}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImportCreated {
    /// Which import.
    pub import_id: ContactImportId,
    /// What they call the file.
    pub file_name: String,
    /// How large it is.
    pub size_bytes: u64,
}

impl Message for ContactImportCreated {
    const TYPE: &'static str = "contact_import.created";
}

impl Event for ContactImportCreated {
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
        shipped::reads::<ContactImportCreated>(include_str!(
            "../../../../events/versions/contact_import.created.v1.json"
        ));
    }
}
