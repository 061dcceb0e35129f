//! Imports of contacts, each with what came of its rows: the oldest first.

use postroom::{List, Reader};

use super::NotMade;
use crate::contact_imports::{
    ContactImport, ContactImportView, GetContactImportError, get_contact_import,
};
use crate::reports::ReportRequest;
use crate::reports::limits::MAX_IMPORTS;
use crate::reports::table::{Cell, Table};

pub(super) const COLUMNS: &[&str] = &[
    "import_id",
    "file_name",
    "size_bytes",
    "status",
    "created_at",
    "started_at",
    "finished_at",
    "total",
    "processed",
    "imported",
    "duplicates",
    "rejected",
    "reason",
];

pub(super) async fn write(
    request: &ReportRequest,
    reader: &Reader,
    table: &mut Table<'_>,
) -> Result<(), NotMade> {
    let mut after = None;
    loop {
        let page = reader.list(List::<ContactImport>::all().after(after)).await?;
        table.look_at(page.items.len())?;
        for import in page.items.into_iter().map(|found| found.value) {
            if !request.covers(import.created_at) {
                continue;
            }
            if table.rows() >= MAX_IMPORTS {
                let reason =
                    format!("there are more than {MAX_IMPORTS} imports: ask for a shorter time");
                return Err(NotMade::Wrong(reason));
            }
            match get_contact_import(reader, import.id).await {
                Ok(view) => table.row(row(view)).await?,
                // Imports are never removed; one that were is none to report.
                Err(GetContactImportError::NotFound { .. }) => {}
                Err(GetContactImportError::Read { source, .. }) => return Err(source.into()),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn row(import: ContactImportView) -> Vec<Cell> {
    vec![
        Cell::Text(import.id.to_string()),
        Cell::Text(import.file_name),
        Cell::Count(import.size_bytes),
        Cell::Text(import.status.to_string()),
        Cell::At(import.created_at),
        Cell::or_absent(import.started_at, Cell::At),
        Cell::or_absent(import.finished_at, Cell::At),
        Cell::Count(import.total),
        Cell::Count(import.processed),
        Cell::Count(import.counts.imported),
        Cell::Count(import.counts.duplicates),
        Cell::Count(import.counts.rejected),
        Cell::or_absent(import.reason, Cell::Text),
    ]
}
