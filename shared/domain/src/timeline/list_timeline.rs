//! What happened to a campaign, newest first: `GET /campaigns/{id}/timeline`.

use postroom::Reader;
use postroom::port::Page;

use crate::campaigns::{GetCampaignError, get_campaign};
use crate::id::CampaignId;
use crate::page::PageRequest;
use crate::timeline::{TimelineEntry, TimelineItem};

/// A page of the campaign's timeline as of now, the newest entry first.
///
/// # Errors
/// See [`GetCampaignError`].
pub async fn list_timeline(
    reader: &Reader,
    campaign_id: CampaignId,
    request: PageRequest,
) -> Result<Page<TimelineItem>, GetCampaignError> {
    let from_the_start = request.after.is_none();
    let page = reader.list(request.of(TimelineEntry::of(campaign_id).descending())).await;
    let page = page.map_err(|source| GetCampaignError::Read { campaign_id, source })?;
    if page.items.is_empty() && from_the_start {
        // Every campaign has an entry from its creation on, so only a missing one costs this second read.
        get_campaign(reader, campaign_id).await?;
    }
    let items = page.items.into_iter().map(|entry| entry.value.item).collect();
    Ok(Page { items, next: page.next })
}
