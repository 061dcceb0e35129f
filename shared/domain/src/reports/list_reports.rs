//! The reports of a tenant, newest first: `GET /reports`.

use postroom::port::Page;
use postroom::{List, ReadError, Reader};

use crate::page::PageRequest;
use crate::reports::{Report, ReportView};

/// A page of the tenant's reports as of now, the newest first. A position is the id of a report: what stays is neither
/// skipped nor repeated on the next page.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_reports(
    reader: &Reader,
    request: PageRequest,
) -> Result<Page<ReportView>, ReadError> {
    let page = reader.list(request.of(List::<Report>::all().descending())).await?;
    let items = page.items.into_iter().map(|report| report.value.into()).collect();
    Ok(Page { items, next: page.next })
}
