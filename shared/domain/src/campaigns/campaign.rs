//! The campaign as it is stored, and as callers see it.

use std::fmt;

use jiff::Timestamp;
use postroom::{Place, Stored, StreamId, Versioned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId};
use crate::money::Money;

/// What is stored of a campaign. Only commands of users change it, so its version counts what they did.
///
/// ```json
/// {"id":"0192…","name":"Summer sale","channel":"facebook","budget":{"amount_minor":150000,"currency":"NZD"},
///  "account_id":"0192…","status":"published","created_at":"2026-11-21T09:30:00Z",
///  "updated_at":"2026-11-21T09:31:00Z","published_at":"2026-11-21T09:31:00Z"}
/// ```
/// `account_id` and `published_at` may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Campaign {
    /// Sorts by the time of creation.
    pub id: CampaignId,
    /// 1-200 characters, trimmed.
    pub name: String,
    /// Where it runs.
    pub channel: Channel,
    /// The most that may be spent.
    pub budget: Money,
    /// Where the budget comes from, if from one of our accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// How far it has come.
    pub status: CampaignStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a user changed it last.
    pub updated_at: Timestamp,
    /// When it was published, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
}

/// Where a campaign runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Facebook.
    Facebook,
    /// Google.
    Google,
    /// E-mail.
    Email,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Facebook => "facebook",
            Self::Google => "google",
            Self::Email => "email",
        })
    }
}

/// How far a campaign has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CampaignStatus {
    /// Nobody outside sees it.
    Draft,
    /// It runs.
    Published,
    /// It stands still, and can go on.
    Paused,
    /// It has ended for good.
    Completed,
}

impl Campaign {
    /// Where the campaign of this id lives.
    pub fn at(id: CampaignId) -> Place<Self> {
        Place::new(id)
    }

    /// The stream of what happened to the campaign of this id.
    pub fn stream(id: CampaignId) -> StreamId {
        Self::at(id).stream()
    }
}

impl Stored for Campaign {
    const COLLECTION: &'static str = "campaigns";

    fn place(&self) -> Place<Self> {
        Self::at(self.id)
    }

    fn is_live(&self) -> bool {
        self.status.is_live()
    }
}

impl CampaignStatus {
    /// Whether it has a place in the plan and figures that change: those of a paused campaign still come in late.
    pub fn is_live(self) -> bool {
        match self {
            Self::Draft | Self::Completed => false,
            Self::Published | Self::Paused => true,
        }
    }
}

impl fmt::Display for CampaignStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Paused => "paused",
            Self::Completed => "completed",
        })
    }
}

/// A campaign as callers see it: what is stored, and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Campaign")]
pub struct CampaignView {
    /// The campaign.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// Grows by one with every command that changed it.
    pub version: u64,
}

impl From<Versioned<Campaign>> for CampaignView {
    fn from(stored: Versioned<Campaign>) -> Self {
        Self { campaign: stored.value, version: stored.version }
    }
}
