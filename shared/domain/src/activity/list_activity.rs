//! What happened, newest first: `GET /activity?type=&subject=&from=`.

use postroom::port::Page;
use postroom::{List, ReadError, ReadModel, Reader, Stored};

use crate::activity::activity_item::{OfSubject, OfTenant};
use crate::activity::{ActivityFeed, ActivityFilter, ActivityItem};
use crate::page::PageRequest;

/// The most reads of one call. A page that is not full by then is short, and says where to go on.
const MAX_READS: usize = 10;

/// A page of what happened to the tenant's things, as far as the feed has come, the newest first.
///
/// A position is the time and the id of the last event that was looked at, and neither ever changes: what was in the feed when
/// reading began is on exactly one page, whatever happens meanwhile. An event that the feed hears of late has its place by when it
/// happened. Whoever has passed that place by then does not meet it, and whoever reads again from the newest on does.
///
/// Of one subject its own list is read. Of a type all is looked at, at most 1,000 items a call: a page can be short, even empty,
/// and still name a next one. Days on which nothing happened cost nothing.
///
/// # Errors
/// They could not be read; retryable as the store says.
pub async fn list_activity(
    reader: &Reader,
    filter: &ActivityFilter,
    request: PageRequest,
) -> Result<Page<ActivityItem>, ReadError> {
    // One build for all of the page.
    let model = reader.model::<ActivityFeed>().await?;
    let PageRequest { limit, after: mut next } = request;
    let mut items = Vec::new();
    for _ in 0..MAX_READS {
        let reads = if filter.r#type.is_none() { limit } else { List::<OfTenant>::MAX };
        let request = PageRequest { limit: reads, after: next };
        let found = match &filter.subject {
            Some(subject) => {
                page::<OfSubject>(&model, List::within(subject.as_str()), request).await
            }
            None => page::<OfTenant>(&model, List::all(), request).await,
        };
        next = filter.fill(&mut items, limit, found?);
        if items.len() == limit || next.is_none() {
            break;
        }
    }
    Ok(Page { items, next })
}

async fn page<T: Stored + Into<ActivityItem>>(
    model: &ReadModel,
    list: List<T>,
    request: PageRequest,
) -> Result<Page<ActivityItem>, ReadError> {
    let found = model.list(request.of(list.descending())).await?;
    let items = found.items.into_iter().map(|item| item.value.into()).collect();
    Ok(Page { items, next: found.next })
}

impl ActivityFilter {
    /// Adds what is admitted until there are `limit`. Answers behind which position to go on: the rest was not looked at.
    fn fill(
        &self,
        items: &mut Vec<ActivityItem>,
        limit: usize,
        found: Page<ActivityItem>,
    ) -> Option<String> {
        let mut rest = found.items.len();
        for item in found.items {
            rest -= 1;
            if self.is_before(&item) {
                return None;
            }
            if !self.admits_type(&item) {
                continue;
            }
            let position = item.position();
            items.push(item);
            if items.len() == limit && rest > 0 {
                return Some(position);
            }
        }
        found.next
    }
}
