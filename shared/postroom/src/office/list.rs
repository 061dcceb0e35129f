//! Open letters by the time of their last failure, over all shards, the newest first.

use std::cmp::Reverse;

use crate::office::{DeadLetterOffice, LetterFilter};
use crate::port::{LETTER_SHARDS, LetterHead, Page, StoreError};

/// How often all shards are read for one page of a list.
const MAX_ROUNDS: usize = 10;

impl DeadLetterOffice {
    /// At most `limit` open letters that a filter means, the last failed first.
    ///
    /// `cursor` is the `next` of the page before. One call reads each shard ten times at most; a page that is short, even
    /// empty, may have a next. It may lag behind the last decisions.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(
        &self,
        filter: &LetterFilter,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<LetterHead>, StoreError> {
        let mut found = Page { items: Vec::new(), next: None };
        let mut before = filter.begin(cursor);
        for _ in 0..MAX_ROUNDS {
            let round = self.round(before.as_deref()).await?;
            for letter in round.items {
                if filter.ends_at(&letter) {
                    return Ok(Page { next: None, ..found });
                }
                if filter.means(&letter) {
                    if found.items.len() == limit {
                        // The last one taken, and so the next page begins with this one.
                        found.next = found.items.last().map(LetterHead::position);
                        return Ok(found);
                    }
                    found.items.push(letter);
                }
            }
            before = round.next;
            if before.is_none() {
                return Ok(found);
            }
        }
        Ok(Page { next: before, ..found })
    }

    /// The next page of every shard, as far down as all of them were read, and where that is.
    pub(super) async fn round(&self, before: Option<&str>) -> Result<Page<LetterHead>, StoreError> {
        let mut letters = Vec::new();
        let mut read_down_to: Option<String> = None;
        for shard in 0..LETTER_SHARDS {
            let page = self.letters.open(shard, before).await?;
            read_down_to = read_down_to.max(page.next);
            letters.extend(page.items);
        }
        // What lies below was not read in every shard: it comes with the next round.
        letters.retain(|letter| read_down_to.as_ref().is_none_or(|end| letter.position() >= *end));
        letters.sort_by_cached_key(|letter| Reverse(letter.position()));
        Ok(Page { items: letters, next: read_down_to })
    }
}
