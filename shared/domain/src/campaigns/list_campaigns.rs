//! The campaigns of a tenant, newest first: `GET /campaigns?status=&channel=`.

use postroom::port::Page;
use postroom::{List, ReadError, Reader, Versioned};

use crate::campaigns::{Campaign, CampaignStatus, CampaignView, Channel};
use crate::page::PageRequest;

/// The most reads of one call. A page that is not full by then is short, and says where to go on.
const MAX_READS: usize = 10;

/// Which campaigns are listed: those that have all that is named here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CampaignFilter {
    /// Only those of this status.
    pub status: Option<CampaignStatus>,
    /// Only those of this channel.
    pub channel: Option<Channel>,
}

/// A page of the tenant's campaigns as of now, the newest first.
///
/// A position is the id of the last campaign that was looked at, and ids never change: what stays is neither skipped
/// nor repeated on the next page, whatever is created or changes its status in between. A page can be short, even
/// empty, and still name a next one.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_campaigns(
    reader: &Reader,
    filter: CampaignFilter,
    request: PageRequest,
) -> Result<Page<CampaignView>, ReadError> {
    let PageRequest { limit, after: mut next } = request;
    let mut items = Vec::new();
    for _ in 0..MAX_READS {
        // Ids grow with the time of creation.
        let list = List::all().descending().limit(filter.reads_for(limit)).after(next);
        let found = reader.list(list).await?;
        next = filter.fill(&mut items, limit, found);
        if items.len() == limit || next.is_none() {
            break;
        }
    }
    Ok(Page { items, next })
}

impl CampaignFilter {
    fn admits(self, campaign: &Campaign) -> bool {
        self.status.is_none_or(|status| status == campaign.status)
            && self.channel.is_none_or(|channel| channel == campaign.channel)
    }

    /// How many to read at once for `limit` that are admitted.
    fn reads_for(self, limit: usize) -> usize {
        if self == Self::default() { limit } else { List::<Campaign>::MAX }
    }

    /// Adds what is admitted until there are `limit`. Answers behind which id to go on: the rest was not looked at.
    fn fill(
        self,
        items: &mut Vec<CampaignView>,
        limit: usize,
        found: Page<Versioned<Campaign>>,
    ) -> Option<String> {
        let mut rest = found.items.len();
        for campaign in found.items {
            rest -= 1;
            if !self.admits(&campaign.value) {
                continue;
            }
            let id = campaign.value.id;
            items.push(campaign.into());
            if items.len() == limit && rest > 0 {
                return Some(id.to_string());
            }
        }
        found.next
    }
}
