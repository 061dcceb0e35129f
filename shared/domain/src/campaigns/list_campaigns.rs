//! All campaigns, newest first: `GET /campaigns`.

use postroom::port::Page;
use postroom::{List, ReadError, Reader};

use crate::campaigns::{Campaign, CampaignView};
use crate::page::PageRequest;

/// A page of the tenant's campaigns as of now, the newest first.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_campaigns(
    reader: &Reader,
    request: PageRequest,
) -> Result<Page<CampaignView>, ReadError> {
    // Ids grow with the time of creation.
    let page = reader.list(request.of(List::<Campaign>::all().descending())).await?;
    Ok(Page { items: page.items.into_iter().map(CampaignView::from).collect(), next: page.next })
}
