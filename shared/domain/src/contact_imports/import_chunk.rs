//! `import.chunk`, version 1.

use postroom::{Message, Task};
use serde::{Deserialize, Serialize};

use crate::contact_imports::ContactImport;
use crate::contact_imports::csv::Chunk;
use crate::id::ContactImportId;

/// An order to import one chunk of a file.
///
/// ```json
/// {"import_id":"0192…","ordinal":0,"chunk":{"from":11,"to":512,"line":2,"rows":24}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChunk {
    /// Which import.
    pub import_id: ContactImportId,
    /// Its number among all chunks, from 0.
    pub ordinal: u32,
    /// Which part of the file it is.
    pub chunk: Chunk,
}

impl Message for ImportChunk {
    const TYPE: &'static str = "import.chunk";
}

impl Task for ImportChunk {
    fn subject(&self) -> String {
        ContactImport::stream(self.import_id).to_string()
    }

    /// A chunk is imported once, however often it is sent off.
    fn key(&self) -> Option<String> {
        Some(format!("{}#{}", self.import_id, self.ordinal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn every_shipped_version_is_still_read() {
        shipped::reads::<ImportChunk>(include_str!(
            "../../../../events/versions/import.chunk.v1.json"
        ));
    }
}
