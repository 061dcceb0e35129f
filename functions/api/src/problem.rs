//! Every error a caller sees: `application/problem+json`. <https://www.rfc-editor.org/rfc/rfc9457>, named from memory 2026-11-21.
//!
//! ```json
//! {"type":"/problems/plan-limit-reached","title":"Plan limit reached","status":409,
//!  "detail":"the plan allows 20 live campaigns, and 20 or more are live","correlation_id":"req-1"}
//! ```
//! Invalid input also has `"errors":[{"path":"/budget/amount_minor","message":"…"}]`. `detail` may be absent; it always
//! is where the fault is ours: the log has the reason, under the correlation id.

use std::error::Error;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::campaigns::GetCampaignError;
use domain::contact_imports::GetContactImportError;
use domain::contacts::GetContactError;
use domain::ledger::{GetAccountError, GetOwnerSummaryError};
use domain::reports::GetReportError;
use domain::statistics::GetStatisticsError;
use domain::trials::GetTrialError;
use domain::users::GetUserError;
use domain::{InvalidInput, Violation};
use postroom::port::{ObjectError, StoreError};
use postroom::{
    BulkError, Classify, CorrelationId, ExecuteError, InvalidObjectName, OverviewError, ReadError,
    Refusal, RefusalKind, Refuse, ReplayError, Verdict, reason_of,
};
use schemars::JsonSchema;
use serde::Serialize;
use tracing::{error, warn};

use crate::kind::Kind;

/// The least wait that is asked of a caller who may try again.
const RETRY: Duration = Duration::from_secs(1);

/// Why a request was not done. It becomes a body where the correlation id is known: at the end of the exchange.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<Violation>,
    retry_after: Option<Duration>,
}

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after: None }
    }

    /// With words for people; nothing of our inside belongs here.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Input of the wrong shape, or that breaks rules.
    pub(crate) fn invalid(errors: Vec<Violation>) -> Self {
        Self { errors, ..Self::new(Kind::INVALID_INPUT) }
    }

    /// Nobody knows whether it took effect; with an idempotency key, asking again finds out.
    pub(crate) fn timed_out() -> Self {
        Self { retry_after: Some(RETRY), ..Self::new(Kind::TIMED_OUT) }
            .detail("it took too long and was given up; it may have taken effect all the same")
    }

    /// What a business error means to the caller.
    fn of<E: Error + Classify + Refuse + 'static>(error: &E) -> Self {
        match error.refusal() {
            Some(refusal) => Self::refused(refusal, error),
            None => Self::failed(error, error.verdict()),
        }
    }

    fn refused(refusal: Refusal, error: &(dyn Error + 'static)) -> Self {
        let status = match refusal.kind {
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
        };
        Self::new(Kind::new(status, refusal.code)).detail(refusing(error).to_string())
    }

    /// What no caller caused.
    pub(crate) fn failing<E: Error + Classify + 'static>(error: &E) -> Self {
        Self::failed(error, error.verdict())
    }

    /// A failure stops travelling here, so here it is logged; the caller is told only whether to try again.
    fn failed(error: &(dyn Error + 'static), verdict: Verdict) -> Self {
        let reason = reason_of(error);
        match verdict {
            Verdict::Retry { after } => {
                warn!(reason, "failed in passing");
                Self { retry_after: Some(after.max(RETRY)), ..Self::new(Kind::UNAVAILABLE) }
            }
            Verdict::Permanent => {
                error!(reason, "failed");
                Self::new(Kind::INTERNAL)
            }
        }
    }

    /// Adds the headers that the problem asks for, and answers its body.
    pub(crate) fn write(self, correlation_id: &CorrelationId, headers: &mut HeaderMap) -> Vec<u8> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.kind.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let body = Body {
            r#type: self.kind.uri(),
            title: self.kind.title(),
            status: self.kind.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
            correlation_id,
        };
        // Texts and numbers only: it can be written.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn errors(&self) -> &[Violation] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl<E: Error + Classify + Refuse + 'static> From<ExecuteError<E>> for Problem {
    fn from(error: ExecuteError<E>) -> Self {
        if let ExecuteError::Contended { .. } = error {
            warn!(reason = reason_of(&error), "lost every race");
            return Self {
                retry_after: Some(RETRY),
                ..Self::new(Kind::LOST_RACE)
                    .detail("others changed the same thing at the same time; try again")
            };
        }
        Self::of(&error)
    }
}

impl From<GetCampaignError> for Problem {
    fn from(error: GetCampaignError) -> Self {
        Self::of(&error)
    }
}

impl From<GetStatisticsError> for Problem {
    fn from(error: GetStatisticsError) -> Self {
        Self::of(&error)
    }
}

impl From<GetAccountError> for Problem {
    fn from(error: GetAccountError) -> Self {
        let problem = Self::of(&error);
        match error {
            GetAccountError::Behind { .. } => Self { retry_after: Some(RETRY), ..problem },
            GetAccountError::NotFound { .. } | GetAccountError::Read { .. } => problem,
        }
    }
}

impl From<GetContactError> for Problem {
    fn from(error: GetContactError) -> Self {
        Self::of(&error)
    }
}

impl From<GetReportError> for Problem {
    fn from(error: GetReportError) -> Self {
        Self::of(&error)
    }
}

impl From<GetUserError> for Problem {
    fn from(error: GetUserError) -> Self {
        Self::of(&error)
    }
}

impl From<GetTrialError> for Problem {
    fn from(error: GetTrialError) -> Self {
        Self::of(&error)
    }
}

impl From<GetContactImportError> for Problem {
    fn from(error: GetContactImportError) -> Self {
        Self::of(&error)
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        let verdict = error.verdict();
        Self::failed(&error, verdict)
    }
}

impl From<InvalidObjectName> for Problem {
    fn from(error: InvalidObjectName) -> Self {
        Self::failed(&error, Verdict::Permanent)
    }
}

impl From<GetOwnerSummaryError> for Problem {
    fn from(error: GetOwnerSummaryError) -> Self {
        Self::of(&error)
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        Self::of(&error)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let verdict = error.verdict();
        Self::failed(&error, verdict)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let verdict = error.verdict();
        Self::failed(&error, verdict)
    }
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Self {
        Self::of(&error)
    }
}

impl From<OverviewError> for Problem {
    fn from(error: OverviewError) -> Self {
        Self::of(&error)
    }
}

impl From<InvalidInput> for Problem {
    fn from(invalid: InvalidInput) -> Self {
        Self::invalid(invalid.violations)
    }
}

/// Why a request was not done (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Body<'a> {
    /// `/problems/` and the code to branch on; it never changes.
    r#type: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened in this case, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fields of the body that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
    /// The chain to search our log for.
    #[schemars(with = "String")]
    correlation_id: &'a CorrelationId,
}

/// The error that refused: what is around it only says who passed it on, and below a refusal there is nothing.
fn refusing<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut innermost = error;
    // Bounded as the kit bounds a reason.
    for _ in 0..16 {
        let Some(source) = innermost.source() else { break };
        innermost = source;
    }
    innermost
}
