//! What the team was told, newest first: `GET /notifications`.

use postroom::port::Page;
use postroom::{List, ReadError, Reader};

use crate::notifications::Notification;
use crate::page::PageRequest;

/// A page of the tenant's notifications as of now, the newest first.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_notifications(
    reader: &Reader,
    request: PageRequest,
) -> Result<Page<Notification>, ReadError> {
    let page = reader.list(request.of(List::<Notification>::all().descending())).await?;
    let items = page.items.into_iter().map(|notification| notification.value).collect();
    Ok(Page { items, next: page.next })
}
