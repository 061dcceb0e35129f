//! What a campaign has achieved: made up, but the same for the same id.

use md5::{Digest as _, Md5};
use serde::Serialize;

/// The figures of one campaign. Money is in the minor unit of the campaign's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Insights {
    impressions: u64,
    clicks: u64,
    spend_minor: u64,
}

impl Insights {
    /// 1,000 to 99,999 impressions, of which 0.5 to 5 % were clicked for 20 to 179 minor units.
    pub(super) fn of(campaign: &str) -> Self {
        let digest = Md5::digest(campaign.as_bytes());
        let pick = |at: usize, least: u64, count: u64| {
            let bytes = digest[at..].iter().take(4);
            least + bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte)) % count
        };
        let impressions = pick(0, 1_000, 99_000);
        let clicks = impressions * pick(4, 5, 46) / 1_000;
        Self { impressions, clicks, spend_minor: clicks * pick(8, 20, 160) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_insights_of_a_campaign_are_always_the_same_and_plausible() {
        let ids = (0..1_000).map(|number| format!("campaign-{number}"));

        let insights: Vec<_> = ids.clone().map(|id| Insights::of(&id)).collect();

        assert!(insights.iter().all(|all| all.clicks > 0 && all.clicks < all.impressions));
        assert!(insights.iter().all(|all| all.spend_minor >= 20 * all.clicks));
        assert!(insights.iter().copied().eq(ids.map(|id| Insights::of(&id))));
    }
}
