//! What a report is to be of.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CampaignId};

/// What a report is of, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportRequest {
    /// What its rows are.
    pub kind: ReportKind,
    /// Of `campaign_performance` only: of these alone. Absent: of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_ids: Option<Vec<CampaignId>>,
    /// Of `account_statement` only, and always: whose transactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Only what is of this time or later: when a campaign or an import was created, when money moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only what is of an earlier time than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// How it is written.
    pub format: ReportFormat,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Campaigns, each with its latest statistics.
    CampaignPerformance,
    /// What moved the money of an account, up to when it was asked for.
    AccountStatement,
    /// Imports of contacts, each with what came of its rows.
    ImportSummary,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// RFC 4180 with a header, in UTF-8. A text that a spreadsheet would take for a formula has an apostrophe before it.
    Csv,
    /// An array of objects, one a line. What a CSV file leaves empty is `null`.
    Json,
}

impl ReportRequest {
    /// Whether something of this time is asked for.
    pub(super) fn covers(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

impl ReportFormat {
    /// How names of files end.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// As HTTP names it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CampaignPerformance => "campaign_performance",
            Self::AccountStatement => "account_statement",
            Self::ImportSummary => "import_summary",
        })
    }
}
