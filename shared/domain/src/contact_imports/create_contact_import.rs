//! Asking for an import: `POST /contact-imports`.

use garde::Validate;
use postroom::{Command, Tx, TxError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::contact_imports::limits::MAX_FILE_BYTES;
use crate::contact_imports::{
    ContactImport, ContactImportCreated, ContactImportView, ImportStatus,
};
use crate::id::ContactImportId;
use crate::input::{InvalidInput, LINE, MAX_LINE_CHARS, is_a_line};

/// What a caller sends: `{file_name, size_bytes}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[schemars(extend("examples" = [{ "file_name": "people.csv", "size_bytes": 1024 }]))]
pub struct ContactImportInput {
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|name: &str, _context: &()| is_a_line(name)))]
    file_name: String,
    #[schemars(range(min = 1, max = MAX_FILE_BYTES))]
    #[garde(range(min = 1, max = MAX_FILE_BYTES))]
    size_bytes: u64,
}

/// Makes an import that waits for its file. It cannot be refused: what could be wrong with it was wrong with its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateContactImport {
    file_name: String,
    size_bytes: u64,
}

impl TryFrom<ContactImportInput> for CreateContactImport {
    type Error = InvalidInput;

    fn try_from(input: ContactImportInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        let ContactImportInput { file_name, size_bytes } = input;
        Ok(Self { file_name: file_name.trim().to_owned(), size_bytes })
    }
}

impl Command for CreateContactImport {
    const NAME: &'static str = "create-contact-import";
    type Output = ContactImportView;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<ContactImportView, TxError> {
        let id = ContactImportId::from(tx.new_id());
        let Self { file_name, size_bytes } = self.clone();
        let import = ContactImport {
            id,
            file_name: file_name.clone(),
            size_bytes,
            status: ImportStatus::Waiting,
            created_at: tx.now(),
            started_at: None,
            finished_at: None,
            reason: None,
            file: None,
            counters_done: 0,
        };
        tx.save(&import)?;
        tx.emit(ContactImportCreated { import_id: id, file_name, size_bytes })?;
        Ok(ContactImportView::of(import, []))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations(file_name: &str, size_bytes: u64) -> Vec<String> {
        let input = json!({ "file_name": file_name, "size_bytes": size_bytes });
        let input: ContactImportInput = serde_json::from_value(input).unwrap();
        let invalid = CreateContactImport::try_from(input).err();
        let paths = invalid.map(|invalid| invalid.violations.into_iter().map(|found| found.path));
        paths.into_iter().flatten().collect()
    }

    #[test]
    fn a_file_has_a_name_and_as_many_bytes_as_permitted() {
        assert!(violations("people.csv", 1).is_empty());
        assert!(violations("people.csv", MAX_FILE_BYTES).is_empty());

        assert_eq!(violations("people.csv", 0), ["/size_bytes"]);
        assert_eq!(violations(" ", MAX_FILE_BYTES + 1), ["/file_name", "/size_bytes"]);
    }
}
