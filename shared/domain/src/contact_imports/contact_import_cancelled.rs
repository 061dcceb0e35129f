//! `contact_import.cancelled`, version 1.

use postroom::{Event, Message, StreamId};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::id::ContactImportId;

/// Somebody has stopped the import.
///
/// ```json
/// {"import_id":"0192…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactImportCancelled {
    /// Which import.
    pub import_id: ContactImportId,
}

impl Message for ContactImportCancelled {
    const TYPE: &'static str = "contact_import.cancelled";
}

impl Event for ContactImportCancelled {
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
        shipped::reads::<ContactImportCancelled>(include_str!(
            "../../../../events/versions/contact_import.cancelled.v1.json"
        ));
    }
}
