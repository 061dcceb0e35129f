//! Which rows of a file were not imported: `GET /contact-imports/{id}/rejected`.

use postroom::Reader;
use postroom::port::Page;

use crate::contact_imports::csv::Rejection;
use crate::contact_imports::{ContactImport, GetContactImportError, RejectedRow};
use crate::id::ContactImportId;
use crate::page::PageRequest;

/// The most pages of rejected rows that go into one file.
const PAGES_AT_ONCE: usize = 100;
/// The most rows of one page.
const ROWS_OF_PAGE: usize = 100;
/// So many bytes of columns and reasons end a file, with the page that has reached them.
///
/// Lambda answers 6 MB, in which a text is JSON: each of its quotes and line ends may be there twice.
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, from memory 2026-11-22.
const BYTES_AT_ONCE: usize = 2 * 1024 * 1024;

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

/// As many of an import's rejected rows as go into one file: at most 10,000.
///
/// # Errors
/// See [`GetContactImportError`].
pub async fn list_rejected_rows_at_once(
    reader: &Reader,
    import_id: ContactImportId,
    after: Option<String>,
) -> Result<Page<Rejection>, GetContactImportError> {
    let mut rows = Page { items: Vec::new(), next: after };
    let mut bytes = 0;
    for _ in 0..PAGES_AT_ONCE {
        let request = PageRequest { limit: ROWS_OF_PAGE, after: rows.next };
        let page = list_rejected_rows(reader, import_id, request).await?;
        bytes += page.items.iter().map(bytes_of).sum::<usize>();
        rows.items.extend(page.items);
        rows.next = page.next;
        if rows.next.is_none() || bytes >= BYTES_AT_ONCE {
            break;
        }
    }
    Ok(rows)
}

fn bytes_of(row: &Rejection) -> usize {
    row.column.as_ref().map_or(0, String::len) + row.reason.len()
}
