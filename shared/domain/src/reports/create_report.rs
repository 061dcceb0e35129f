//! Asking for a report: `POST /reports`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use postroom::{Classify, Command, Refusal, Refuse, Tx, TxError, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::{AccountId, CampaignId, ReportId};
use crate::input::{InvalidInput, Violation};
use crate::ledger::{LedgerError, version_of};
use crate::reports::limits::MAX_CAMPAIGN_IDS;
use crate::reports::{
    Report, ReportFormat, ReportKind, ReportRequest, ReportRequested, ReportStatus, ReportView,
};

/// What a caller sends: `{kind, campaign_ids?, account_id?, from?, to?, format}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "kind": "campaign_performance",
    "from": "2026-11-01T00:00:00Z",
    "to": "2026-12-01T00:00:00Z",
    "format": "csv",
}]))]
pub struct ReportInput {
    kind: ReportKind,
    /// Of `campaign_performance` only: of these alone. Left out: of all.
    #[schemars(length(min = 1, max = MAX_CAMPAIGN_IDS), extend("uniqueItems" = true))]
    campaign_ids: Option<Vec<CampaignId>>,
    /// Of `account_statement` only, and always: whose transactions.
    account_id: Option<AccountId>,
    /// Only what is of this time or later: when a campaign or an import was created, when money moved.
    from: Option<Timestamp>,
    /// Only what is of an earlier time than this; later than `from`.
    to: Option<Timestamp>,
    format: ReportFormat,
}

/// Makes a report that waits to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateReport {
    request: ReportRequest,
}

/// Why no report is made.
#[derive(Debug, thiserror::Error)]
pub enum CreateReportError {
    /// There is no statement of this account.
    #[error("no statement is made")]
    Account {
        #[source]
        source: LedgerError,
    },
    /// It could not be staged; retryable as the store says.
    #[error("cannot ask for a report")]
    Tx {
        #[source]
        source: TxError,
    },
}

impl Classify for CreateReportError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Account { source } => source.verdict(),
            Self::Tx { source } => source.verdict(),
        }
    }
}

impl Refuse for CreateReportError {
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Account { source } => source.refusal(),
            Self::Tx { source } => source.refusal(),
        }
    }
}

impl TryFrom<ReportInput> for CreateReport {
    type Error = InvalidInput;

    fn try_from(input: ReportInput) -> Result<Self, InvalidInput> {
        let violations: Vec<_> =
            [input.wrong_account(), input.wrong_campaigns(), input.wrong_end()]
                .into_iter()
                .flatten()
                .collect();
        if !violations.is_empty() {
            return Err(InvalidInput { violations });
        }
        let ReportInput { kind, campaign_ids, account_id, from, to, format } = input;
        let request = ReportRequest { kind, campaign_ids, account_id, from, to, format };
        Ok(Self { request })
    }
}

impl ReportInput {
    fn wrong_account(&self) -> Option<Violation> {
        let of_statement = match self.kind {
            ReportKind::AccountStatement => true,
            ReportKind::CampaignPerformance | ReportKind::ImportSummary => false,
        };
        match (of_statement, self.account_id) {
            (true, None) => {
                Some(violation("/account_id", "an account_statement needs it".to_owned()))
            }
            (false, Some(_)) => {
                Some(violation("/account_id", "is for an account_statement only".to_owned()))
            }
            (true, Some(_)) | (false, None) => None,
        }
    }

    fn wrong_campaigns(&self) -> Option<Violation> {
        let ids = self.campaign_ids.as_ref()?;
        match self.kind {
            ReportKind::CampaignPerformance => {}
            ReportKind::AccountStatement | ReportKind::ImportSummary => {
                let message = "is for a campaign_performance only".to_owned();
                return Some(violation("/campaign_ids", message));
            }
        }
        if !(1..=MAX_CAMPAIGN_IDS).contains(&ids.len()) {
            let message = format!("has to be 1-{MAX_CAMPAIGN_IDS} ids; left out, it means all");
            return Some(violation("/campaign_ids", message));
        }
        let mut seen = BTreeSet::new();
        let again = ids.iter().position(|id| !seen.insert(id))?;
        Some(violation(&format!("/campaign_ids/{again}"), "is there twice".to_owned()))
    }

    fn wrong_end(&self) -> Option<Violation> {
        if self.from? < self.to? {
            return None;
        }
        Some(violation("/to", "has to be later than from".to_owned()))
    }
}

fn violation(path: &str, message: String) -> Violation {
    Violation { path: path.to_owned(), message }
}

impl Command for CreateReport {
    const NAME: &'static str = "create-report";
    type Output = ReportView;
    type Error = CreateReportError;

    async fn handle(&self, tx: &mut Tx) -> Result<ReportView, CreateReportError> {
        let request = self.request.clone();
        let account_version = match request.account_id {
            // What its owner has been told is in the statement, wherever its view is.
            Some(account_id) => Some(
                version_of(account_id, tx)
                    .await
                    .map_err(|source| CreateReportError::Account { source })?,
            ),
            None => None,
        };
        let id = ReportId::from(tx.new_id());
        let report = Report {
            id,
            request: request.clone(),
            account_version,
            status: ReportStatus::Waiting,
            created_at: tx.now(),
            started_at: None,
            finished_at: None,
            rows: None,
            reason: None,
        };
        let failed = |source| CreateReportError::Tx { source };
        tx.save(&report).map_err(failed)?;
        tx.emit(ReportRequested { report_id: id, request }).map_err(failed)?;
        Ok(report.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    const ID: &str = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

    /// What is wrong with an input, on top of `{"format":"csv"}`.
    fn paths(more: &Value) -> Vec<String> {
        let mut input = json!({ "format": "csv" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let input: ReportInput = serde_json::from_value(input).unwrap();
        let invalid = CreateReport::try_from(input).err();
        let violations = invalid.map_or_else(Vec::new, |invalid| invalid.violations);
        violations.into_iter().map(|violation| violation.path).collect()
    }

    fn campaigns(count: u128) -> Value {
        let ids: Vec<_> = (1..=count).map(|id| Uuid::from_u128(id).to_string()).collect();
        json!({ "kind": "campaign_performance", "campaign_ids": ids })
    }

    #[test]
    fn a_statement_and_nothing_else_needs_an_account() {
        let kind = |kind: &str| json!({ "kind": kind });
        let of = |kind: &str| json!({ "kind": kind, "account_id": ID });

        assert!(paths(&of("account_statement")).is_empty());
        assert!(paths(&kind("campaign_performance")).is_empty());
        assert!(paths(&kind("import_summary")).is_empty());
        assert_eq!(paths(&kind("account_statement")), ["/account_id"]);
        assert_eq!(paths(&of("campaign_performance")), ["/account_id"]);
        assert_eq!(paths(&of("import_summary")), ["/account_id"]);
    }

    #[test]
    fn as_many_campaigns_are_named_as_there_may_be_each_once() {
        let most = MAX_CAMPAIGN_IDS as u128;

        assert!(paths(&campaigns(1)).is_empty() && paths(&campaigns(most)).is_empty());
        assert_eq!(paths(&campaigns(0)), ["/campaign_ids"]);
        assert_eq!(paths(&campaigns(most + 1)), ["/campaign_ids"]);
        let twice = json!({ "kind": "campaign_performance", "campaign_ids": [ID, ID] });
        assert_eq!(paths(&twice), ["/campaign_ids/1"]);
        let other = json!({ "kind": "import_summary", "campaign_ids": [ID] });
        assert_eq!(paths(&other), ["/campaign_ids"]);
    }

    #[test]
    fn a_time_ends_behind_its_beginning() {
        let range = |to: &str| json!({ "kind": "import_summary", "from": "2026-11-22T09:30:00Z", "to": to });

        assert!(paths(&range("2026-11-22T09:30:00.000001Z")).is_empty());
        assert_eq!(paths(&range("2026-11-22T09:30:00Z")), ["/to"]);
    }
}
