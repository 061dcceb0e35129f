//! A task failed for good: the team is told what did not happen to its campaign.

use postroom::{Envelope, Listener, Message, Outcome, TaskFailed, Tx, TxError};

use crate::campaigns::jobs::SyncCampaign;
use crate::campaigns::{Campaign, CampaignPublished};
use crate::id::CampaignId;
use crate::notifications::{Notification, Notifications};
use crate::statistics::Statistics;
use crate::statistics::jobs::SyncStatistics;

impl Listener<TaskFailed> for Notifications {
    const NAME: &'static str = Self::NAME;
    type Error = TxError;

    async fn on(&self, event: &Envelope<TaskFailed>, tx: &mut Tx) -> Result<Outcome, TxError> {
        let failed = &event.data;
        let Some(campaign_id) = campaign_of(&failed.subject) else {
            return Ok(Outcome::Skipped { reason: "it is about no campaign" });
        };
        let Some(campaign) = tx.peek(&Campaign::at(campaign_id)).await? else {
            return Ok(Outcome::Skipped { reason: "there is no such campaign" });
        };
        let (name, channel) = (campaign.name, campaign.channel);
        let what = match failed.handler.as_str() {
            SyncCampaign::NAME => format!("{name} could not be pushed to {channel}"),
            SyncStatistics::NAME if is_news(campaign_id, event, tx).await? => {
                format!("the figures of {name} could not be pulled from {channel}")
            }
            SyncStatistics::NAME => {
                return Ok(Outcome::Skipped { reason: "the team was told before" });
            }
            _ => return Ok(Outcome::Skipped { reason: "it is nothing the team can see" }),
        };
        let why = failed.causes.last().map_or("nobody knows why", String::as_str);
        tx.put_view(&Notification::new(campaign_id, event, format!("{what}: {why}")))?;
        Ok(Outcome::DONE)
    }
}

/// Whether the figures became stale by this failure, or should have been there for the first time. They are asked for every
/// quarter of an hour, and nobody wants to be told as often.
async fn is_news(
    campaign_id: CampaignId,
    event: &Envelope<TaskFailed>,
    tx: &mut Tx,
) -> Result<bool, TxError> {
    let found = tx.peek(&Statistics::at(campaign_id)).await?;
    Ok(match found {
        Some(statistics) => statistics.view.stale_since == Some(event.time),
        None => event.data.message_type == CampaignPublished::TYPE,
    })
}

/// The campaign that a message is about: an event's subject is its stream, `campaigns/ID`, a task's the id itself.
fn campaign_of(subject: &str) -> Option<CampaignId> {
    subject.strip_prefix("campaigns/").unwrap_or(subject).parse().ok()
}
