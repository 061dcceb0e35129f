//! How a campaign's status changes: the steps a user may take, and from where each may be taken.

use std::fmt;

use jiff::Timestamp;
use postroom::{Classify, Event, Refusal, RefusalKind, Refuse, Routed, Tx, TxError, Verdict};

use crate::campaigns::{Campaign, CampaignStatus, CampaignView};
use crate::id::CampaignId;

/// A step in the life of a campaign: draft → published ⇄ paused, and from both of those to completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// A draft goes live.
    Publish,
    /// What is published stops for a while.
    Pause,
    /// What is paused goes on.
    Resume,
    /// What is published or paused ends for good.
    Complete,
}

/// Why a campaign did not change its status. One enum for all steps: they fail in the same ways.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// The tenant has no such campaign.
    #[error("there is no campaign {campaign_id}")]
    NotFound { campaign_id: CampaignId },
    /// The step cannot be taken from the status the campaign has.
    #[error("campaign {campaign_id} is {status}, not {}", .transition.starts_from())]
    WrongStatus { transition: Transition, campaign_id: CampaignId, status: CampaignStatus },
    /// It could not be read or staged; retryable as the store says.
    #[error("cannot {transition} campaign {campaign_id}")]
    Tx {
        transition: Transition,
        campaign_id: CampaignId,
        #[source]
        source: TxError,
    },
}

impl Classify for TransitionError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotFound { .. } | Self::WrongStatus { .. } => Verdict::Permanent,
            Self::Tx { source, .. } => source.verdict(),
        }
    }
}

impl Refuse for TransitionError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::NotFound { .. } => {
                Some(Refusal { code: "campaign-not-found", kind: RefusalKind::NotFound })
            }
            Self::WrongStatus { transition, .. } => {
                Some(Refusal { code: transition.refusal_code(), kind: RefusalKind::Conflict })
            }
            Self::Tx { source, .. } => source.refusal(),
        }
    }
}

impl Transition {
    /// Takes the step: one version more of the campaign, and one event that says so.
    pub(super) async fn take<E: Event + Routed>(
        self,
        campaign_id: CampaignId,
        tx: &mut Tx,
        fact: fn(&Campaign) -> E,
    ) -> Result<CampaignView, TransitionError> {
        let failed = |source| TransitionError::Tx { transition: self, campaign_id, source };
        let found = tx.load(&Campaign::at(campaign_id)).await.map_err(failed)?;
        let before = found.ok_or(TransitionError::NotFound { campaign_id })?;

        let campaign = before.after(self, tx.now())?;

        let version = tx.save(&campaign).map_err(failed)?;
        tx.emit(fact(&campaign)).map_err(failed)?;
        Ok(CampaignView { campaign, version })
    }

    /// The status it leads to from `status`; `None`: it cannot be taken from there.
    fn leads_to(self, status: CampaignStatus) -> Option<CampaignStatus> {
        match (self, status) {
            (Self::Publish, CampaignStatus::Draft) | (Self::Resume, CampaignStatus::Paused) => {
                Some(CampaignStatus::Published)
            }
            (Self::Pause, CampaignStatus::Published) => Some(CampaignStatus::Paused),
            (Self::Complete, CampaignStatus::Published | CampaignStatus::Paused) => {
                Some(CampaignStatus::Completed)
            }
            _ => None,
        }
    }

    /// The statuses it can be taken from, for people.
    fn starts_from(self) -> &'static str {
        match self {
            Self::Publish => "draft",
            Self::Pause => "published",
            Self::Resume => "paused",
            Self::Complete => "published or paused",
        }
    }

    /// What a caller is told, who takes it from elsewhere. Clients branch on it: it never changes.
    fn refusal_code(self) -> &'static str {
        match self {
            Self::Publish => "campaign-not-draft",
            Self::Pause => "campaign-not-published",
            Self::Resume => "campaign-not-paused",
            Self::Complete => "campaign-not-live",
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Complete => "complete",
        })
    }
}

impl Campaign {
    /// The campaign after a step that was taken at `at`.
    fn after(self, transition: Transition, at: Timestamp) -> Result<Self, TransitionError> {
        let Self { id: campaign_id, status, .. } = self;
        let status = transition.leads_to(status).ok_or(TransitionError::WrongStatus {
            transition,
            campaign_id,
            status,
        })?;
        let published_at = match transition {
            Transition::Publish => Some(at),
            Transition::Pause | Transition::Resume | Transition::Complete => self.published_at,
        };
        Ok(Self { status, updated_at: at, published_at, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    const LATER: Timestamp = Timestamp::constant(1_000, 0);
    const ALL: [CampaignStatus; 4] = [
        CampaignStatus::Draft,
        CampaignStatus::Published,
        CampaignStatus::Paused,
        CampaignStatus::Completed,
    ];

    /// Takes the step from every status: where it is refused, the caller is told `code`.
    fn from_everywhere(transition: Transition, code: &'static str) -> [Option<CampaignStatus>; 4] {
        ALL.map(|status| match samples::in_status(status).after(transition, LATER) {
            Ok(campaign) => Some(campaign.status),
            Err(refused) => {
                let conflict = Refusal { code, kind: RefusalKind::Conflict };
                assert_eq!(refused.refusal(), Some(conflict));
                assert_eq!(refused.verdict(), Verdict::Permanent);
                None
            }
        })
    }

    #[test]
    fn only_a_draft_is_published() {
        let after = from_everywhere(Transition::Publish, "campaign-not-draft");

        assert_eq!(after, [Some(CampaignStatus::Published), None, None, None]);
    }

    #[test]
    fn only_what_is_published_is_paused() {
        let after = from_everywhere(Transition::Pause, "campaign-not-published");

        assert_eq!(after, [None, Some(CampaignStatus::Paused), None, None]);
    }

    #[test]
    fn only_what_is_paused_is_resumed() {
        let after = from_everywhere(Transition::Resume, "campaign-not-paused");

        assert_eq!(after, [None, None, Some(CampaignStatus::Published), None]);
    }

    #[test]
    fn what_is_published_or_paused_is_completed() {
        let after = from_everywhere(Transition::Complete, "campaign-not-live");

        let completed = Some(CampaignStatus::Completed);
        assert_eq!(after, [None, completed, completed, None]);
    }

    #[test]
    fn only_publishing_says_when_it_was_published() {
        let draft = samples::in_status(CampaignStatus::Draft);

        let published = draft.clone().after(Transition::Publish, LATER).unwrap();
        let paused =
            published.clone().after(Transition::Pause, Timestamp::constant(2_000, 0)).unwrap();

        assert_eq!((published.created_at, published.updated_at), (draft.created_at, LATER));
        assert_eq!(published.published_at, Some(LATER));
        assert_eq!(paused.updated_at, Timestamp::constant(2_000, 0));
        assert_eq!(paused.published_at, Some(LATER));
    }

    #[test]
    fn a_refusal_says_which_status_it_found_and_which_it_takes() {
        let completed = samples::in_status(CampaignStatus::Completed);

        let refused = completed.after(Transition::Complete, LATER).unwrap_err();

        assert!(refused.to_string().ends_with("is completed, not published or paused"));
    }
}
