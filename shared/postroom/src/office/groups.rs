//! Open letters that failed in the same way, counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::id::Fingerprint;
use crate::office::{DeadLetterOffice, LetterFilter};
use crate::port::{LetterHead, StoreError};

/// How often all shards are read.
const MAX_ROUNDS: usize = 50;

/// Open letters in groups, the largest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DeadLetterGroups"))]
pub struct Groups {
    /// The largest first.
    pub groups: Vec<Group>,
    /// Whether there are more letters than were counted: thousands.
    pub truncated: bool,
}

/// Letters of one fingerprint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DeadLetterGroup"))]
pub struct Group {
    /// What they have in common.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub fingerprint: Fingerprint,
    /// How many there are.
    pub letters: usize,
    /// The queue they came from.
    pub queue: String,
    /// Whose failure it is.
    pub handler: Option<String>,
    /// Why the last of them failed.
    pub reason: String,
    /// The last of them.
    pub newest: String,
    /// When the first of them failed first.
    pub first_failed_at: Timestamp,
    /// When the last of them failed last.
    pub last_failed_at: Timestamp,
}

impl DeadLetterOffice {
    /// The open letters that a filter means, by their fingerprints. One call reads each shard fifty times at most.
    ///
    /// # Errors
    /// The store's.
    pub async fn groups(&self, filter: &LetterFilter) -> Result<Groups, StoreError> {
        let mut groups = BTreeMap::new();
        let mut before = filter.begin(None);
        for _ in 0..MAX_ROUNDS {
            let round = self.round(before.as_deref()).await?;
            before = round.next;
            for letter in round.items {
                if filter.ends_at(&letter) {
                    before = None;
                    break;
                }
                if filter.means(&letter) {
                    add(&mut groups, letter);
                }
            }
            if before.is_none() {
                break;
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| (Reverse(group.letters), Reverse(group.last_failed_at)));
        Ok(Groups { groups, truncated: before.is_some() })
    }
}

/// Letters come the newest first: the first of a group tells how it fails today.
fn add(groups: &mut BTreeMap<Fingerprint, Group>, letter: LetterHead) {
    let first_failed_at = letter.first_failed_at;
    let group = groups.entry(letter.fingerprint).or_insert_with(|| Group {
        fingerprint: letter.fingerprint,
        letters: 0,
        queue: letter.queue,
        handler: letter.handler,
        reason: letter.reason,
        newest: letter.id,
        first_failed_at,
        last_failed_at: letter.last_failed_at,
    });
    group.letters += 1;
    group.first_failed_at = group.first_failed_at.min(first_failed_at);
}
