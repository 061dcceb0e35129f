//! The timeline: what happened to a campaign, written in the same transaction as what happened.

mod timeline_entry;
mod on_campaign_created;
mod on_campaign_published;
mod on_campaign_paused;
mod on_campaign_resumed;
mod on_campaign_completed;
mod list_timeline;

pub use list_timeline::list_timeline;
pub use timeline_entry::{TimelineEntry, TimelineItem};

/// Writes one entry for every event of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Timeline;

impl Timeline {
    /// The listener's name, for every event it listens to.
    const NAME: &'static str = "timeline";
}
