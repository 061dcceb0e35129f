//! Which rows of a file were not imported: `GET /contact-imports/{id}/rejected`.

use postroom::Reader;
use postroom::port::Page;

use crate::contact_imports::csv::Rejection;
use crate::contact_imports::{ContactImport, GetContactImportError, RejectedRow};
use crate::id::ContactImportId;
use crate::page::PageRequest;

/// A page of an import's rejected rows as of now, in the order of the file.
///
/// # Errors
/// See [`GetContactImportError`].
pub async fn list_rejected_rows(
    reader: &Reader,
    import_id: ContactImportId,
    request: PageRequest,
) -> Result<Page<Rejection>, GetContactImportError> {
    let read = |source| GetContactImportError::Read { import_id, source };
    let from_the_start = request.after.is_none();
    let page = reader.list(request.of(RejectedRow::of(import_id))).await.map_err(read)?;
    if page.items.is_empty() && from_the_start {
        // None at all: of an import that there is, or of one that there is not.
        let import = reader.get(&ContactImport::at(import_id)).await.map_err(read)?;
        import.ok_or(GetContactImportError::NotFound { import_id })?;
    }
    let items = page.items.into_iter().map(|row| row.value.rejection).collect();
    Ok(Page { items, next: page.next })
}
