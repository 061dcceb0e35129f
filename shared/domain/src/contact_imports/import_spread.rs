//! `import.spread`, version 1.

use postroom::{Message, Task};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::contact_imports::csv::Chunk;
use crate::id::ContactImportId;

/// An order to send off some of an import's chunks, as one transaction cannot send them all.
///
/// ```json
/// {"import_id":"0192…","first":96,"chunks":[{"from":11,"to":512,"line":2,"rows":24}]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSpread {
    /// Which import.
    pub import_id: ContactImportId,
    /// The number of the first of them among all chunks, from 0.
    pub first: u32,
    /// At most 96, in the order of the file.
    pub chunks: Vec<Chunk>,
}

impl Message for ImportSpread {
    const TYPE: &'static str = "import.spread";
}

impl Task for ImportSpread {
    fn subject(&self) -> String {
        ContactImport::stream(self.import_id).to_string()
    }

    /// Whoever plans a file again plans it the same.
    fn key(&self) -> Option<String> {
        Some(format!("{}#{}", self.import_id, self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<ImportSpread>(include_str!(
            "../../../../events/versions/import.spread.v1.json"
        ));
    }
}
