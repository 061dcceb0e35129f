//! What is read of a message, and written of an event.

use serde::{Deserialize, Serialize};

/// `campaign.published`, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(crate) struct CampaignPublished {
    pub(crate) id: String,
    pub(crate) r#type: String,
    pub(crate) data: Published,
    #[serde(rename = "correlationid")]
    pub(crate) correlation_id: String,
    #[serde(rename = "causationid")]
    pub(crate) causation_id: String,
    pub(crate) traceparent: Option<String>,
    #[serde(rename = "tenantid")]
    pub(crate) tenant_id: String,
    #[serde(rename = "actorid")]
    pub(crate) actor_id: Option<String>,
    pub(crate) hops: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    pub(crate) campaign_id: String,
}

/// `statistics.synced`, in the envelope of every event.
#[derive(Debug, Serialize)]
pub(crate) struct StatisticsSynced<'a> {
    pub(crate) specversion: &'a str,
    pub(crate) id: String,
    pub(crate) source: &'a str,
    pub(crate) r#type: &'a str,
    pub(crate) subject: String,
    pub(crate) time: &'a str,
    pub(crate) datacontenttype: &'a str,
    pub(crate) data: Synced<'a>,
    #[serde(rename = "correlationid")]
    pub(crate) correlation_id: &'a str,
    #[serde(rename = "causationid")]
    pub(crate) causation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<&'a str>,
    #[serde(rename = "tenantid")]
    pub(crate) tenant_id: &'a str,
    #[serde(rename = "actorid", skip_serializing_if = "Option::is_none")]
    pub(crate) actor_id: Option<&'a str>,
    pub(crate) dataversion: u32,
    pub(crate) streamversion: u64,
    pub(crate) hops: u32,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Synced<'a> {
    pub(crate) campaign_id: &'a str,
    pub(crate) impressions: u64,
    pub(crate) clicks: u64,
    pub(crate) spend: Money<'a>,
}

/// Minor units of a currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Money<'a> {
    pub(crate) amount_minor: i64,
    pub(crate) currency: std::borrow::Cow<'a, str>,
}
