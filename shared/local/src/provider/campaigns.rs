//! What the provider knows of campaigns: for each the last state it was told, and what it answered under which key.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Campaigns that are kept; a forgotten one would take any version again, so more are refused.
const MOST_CAMPAIGNS: usize = 100_000;
/// Keys that are remembered; the oldest are forgotten.
const MOST_KEYS: usize = 100_000;

/// The state of a campaign, as it is sent and shown:
///
/// ```json
/// {"name": "Spring", "channel": "google", "status": "published",
///  "budget": {"amount_minor": 150000, "currency": "NZD"}, "version": 2}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Campaign {
    name: String,
    channel: String,
    status: String,
    budget: Budget,
    pub(super) version: u64,
}

/// Money in the minor unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    amount_minor: u64,
    currency: String,
}

/// What became of a state that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is the campaign's state now.
    Taken { version: u64 },
    /// A newer version is known, which stays.
    Stale,
    /// The key was used before, for another campaign or another state.
    KeyReused,
    /// There is no room for another campaign.
    Full,
}

/// All campaigns, and the keys they were put under.
#[derive(Debug, Default)]
pub(super) struct Campaigns {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    campaigns: BTreeMap<String, Campaign>,
    answers: HashMap<String, Answer>,
    /// The keys of `answers`, oldest first.
    keys: VecDeque<String>,
}

/// The first answer under a key, and what it was given for.
#[derive(Debug)]
struct Answer {
    id: String,
    campaign: Campaign,
    outcome: Outcome,
}

impl Campaigns {
    /// Takes the state of a campaign unless a newer one is known. Under a key that was used before it answers what it
    /// answered then and changes nothing.
    pub(super) fn put(&self, id: &str, campaign: Campaign, key: Option<&str>) -> Outcome {
        let mut known = self.lock();
        if let Some(first) = key.and_then(|key| known.answers.get(key)) {
            let same = first.id == id && first.campaign == campaign;
            return if same { first.outcome } else { Outcome::KeyReused };
        }
        let outcome = known.take(id, &campaign);
        if let Some(key) = key.filter(|_| outcome != Outcome::Full) {
            known.remember(key, Answer { id: id.to_owned(), campaign, outcome });
        }
        outcome
    }

    /// The last state of a campaign.
    pub(super) fn get(&self, id: &str) -> Option<Campaign> {
        self.lock().campaigns.get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // No change is left half done by a panic: there is none in between.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn take(&mut self, id: &str, campaign: &Campaign) -> Outcome {
        match self.campaigns.get(id) {
            Some(present) if present.version > campaign.version => return Outcome::Stale,
            None if self.campaigns.len() >= MOST_CAMPAIGNS => return Outcome::Full,
            Some(_) | None => {}
        }
        self.campaigns.insert(id.to_owned(), campaign.clone());
        Outcome::Taken { version: campaign.version }
    }

    fn remember(&mut self, key: &str, answer: Answer) {
        if self.keys.len() >= MOST_KEYS
            && let Some(oldest) = self.keys.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.keys.push_back(key.to_owned());
        self.answers.insert(key.to_owned(), answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(version: u64) -> Campaign {
        Campaign {
            name: "Spring".to_owned(),
            channel: "google".to_owned(),
            status: "published".to_owned(),
            budget: Budget { amount_minor: 150_000, currency: "NZD".to_owned() },
            version,
        }
    }

    #[test]
    fn the_highest_version_stays_whatever_order_they_come_in() {
        let campaigns = Campaigns::default();

        let outcomes = [2, 1, 2, 3].map(|version| campaigns.put("a", campaign(version), None));

        let taken = |version| Outcome::Taken { version };
        assert_eq!(outcomes, [taken(2), Outcome::Stale, taken(2), taken(3)]);
        assert_eq!(campaigns.get("a"), Some(campaign(3)));
    }

    #[test]
    fn a_key_gets_its_first_answer_again_and_changes_nothing() {
        let campaigns = Campaigns::default();
        campaigns.put("a", campaign(1), Some("first"));
        campaigns.put("a", campaign(2), Some("second"));

        let again = campaigns.put("a", campaign(1), Some("first"));

        assert_eq!(again, Outcome::Taken { version: 1 });
        assert_eq!(campaigns.get("a"), Some(campaign(2)));
    }

    #[test]
    fn a_key_is_for_one_campaign_and_one_state() {
        let campaigns = Campaigns::default();
        campaigns.put("a", campaign(1), Some("key"));

        let other_state = campaigns.put("a", campaign(2), Some("key"));
        let other_campaign = campaigns.put("b", campaign(1), Some("key"));

        assert_eq!((other_state, other_campaign), (Outcome::KeyReused, Outcome::KeyReused));
        assert_eq!((campaigns.get("a"), campaigns.get("b")), (Some(campaign(1)), None));
    }

    #[test]
    fn the_oldest_key_makes_room_for_another() {
        let campaigns = Campaigns::default();
        for number in 0..=MOST_KEYS {
            campaigns.put("a", campaign(1), Some(&number.to_string()));
        }

        let [kept, forgotten] = ["1", "0"].map(|key| campaigns.put("a", campaign(2), Some(key)));

        assert_eq!((kept, forgotten), (Outcome::KeyReused, Outcome::Taken { version: 2 }));
    }
}
