//! The kinds of problems that this API knows by itself; what the business refuses with, its routes name.

use axum::http::StatusCode;

/// What callers branch on: a status, and a kebab-case code that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
}

impl Kind {
    pub(crate) const MALFORMED_JSON: Self = Self::new(StatusCode::BAD_REQUEST, "malformed-json");
    pub(crate) const MALFORMED_QUERY: Self = Self::new(StatusCode::BAD_REQUEST, "malformed-query");
    pub(crate) const INVALID_LIMIT: Self = Self::new(StatusCode::BAD_REQUEST, "invalid-limit");
    pub(crate) const INVALID_FILTER: Self = Self::new(StatusCode::BAD_REQUEST, "invalid-filter");
    pub(crate) const UNKNOWN_CURSOR: Self = Self::new(StatusCode::BAD_REQUEST, "unknown-cursor");
    pub(crate) const INVALID_CORRELATION_ID: Self =
        Self::new(StatusCode::BAD_REQUEST, "invalid-correlation-id");
    pub(crate) const INVALID_IDEMPOTENCY_KEY: Self =
        Self::new(StatusCode::BAD_REQUEST, "invalid-idempotency-key");
    pub(crate) const IDEMPOTENCY_KEY_REQUIRED: Self =
        Self::new(StatusCode::BAD_REQUEST, "idempotency-key-required");
    pub(crate) const UNAUTHENTICATED: Self = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated");
    pub(crate) const FORBIDDEN: Self = Self::new(StatusCode::FORBIDDEN, "forbidden");
    pub(crate) const PATH_NOT_FOUND: Self = Self::not_found("path-not-found");
    pub(crate) const CAMPAIGN_NOT_FOUND: Self = Self::not_found("campaign-not-found");
    pub(crate) const ACCOUNT_NOT_FOUND: Self = Self::not_found("account-not-found");
    pub(crate) const OWNER_NOT_FOUND: Self = Self::not_found("owner-not-found");
    pub(crate) const CONTACT_NOT_FOUND: Self = Self::not_found("contact-not-found");
    pub(crate) const CONTACT_IMPORT_NOT_FOUND: Self = Self::not_found("contact-import-not-found");
    pub(crate) const USER_NOT_FOUND: Self = Self::not_found("user-not-found");
    pub(crate) const REPORT_NOT_FOUND: Self = Self::not_found("report-not-found");
    pub(crate) const DEAD_LETTER_NOT_FOUND: Self = Self::not_found("dead-letter-not-found");
    pub(crate) const PROJECTION_NOT_FOUND: Self = Self::not_found("projection-not-found");
    pub(crate) const REPLAY_NOT_FOUND: Self = Self::not_found("replay-not-found");
    pub(crate) const CHAIN_NOT_FOUND: Self = Self::not_found("chain-not-found");
    pub(crate) const METHOD_NOT_ALLOWED: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
    pub(crate) const NOT_ACCEPTABLE: Self = Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable");
    pub(crate) const LOST_RACE: Self = Self::conflict("lost-race");
    pub(crate) const VIEW_BEHIND: Self = Self::conflict("view-behind");
    pub(crate) const ANSWER_NOT_KEPT: Self = Self::conflict("answer-not-kept");
    pub(crate) const BODY_TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large");
    pub(crate) const UNSUPPORTED_MEDIA_TYPE: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    pub(crate) const INVALID_INPUT: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input");
    pub(crate) const IDEMPOTENCY_KEY_REUSED: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused");
    pub(crate) const INTERNAL: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal");
    pub(crate) const UNAVAILABLE: Self = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    pub(crate) const TIMED_OUT: Self = Self::new(StatusCode::GATEWAY_TIMEOUT, "timed-out");

    /// What any request can end with, whatever its route.
    pub(crate) const OF_EVERY_ROUTE: [Self; 5] = [
        Self::INVALID_CORRELATION_ID,
        Self::BODY_TOO_LARGE,
        Self::INTERNAL,
        Self::UNAVAILABLE,
        Self::TIMED_OUT,
    ];

    pub(crate) const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code }
    }

    /// The state does not allow it, now.
    pub(crate) const fn conflict(code: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code)
    }

    /// What was asked for breaks a rule.
    pub(crate) const fn invalid(code: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
    }

    /// There is no such thing, or not for this tenant.
    pub(crate) const fn not_found(code: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code)
    }

    /// `plan-limit-reached` as `Plan limit reached`.
    pub(crate) fn title(self) -> String {
        let words = self.code.replace('-', " ");
        let mut chars = words.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }

    /// `plan-limit-reached` as `/problems/plan-limit-reached`.
    pub(crate) fn uri(self) -> String {
        format!("/problems/{}", self.code)
    }

    /// Whether a caller is told when to try again.
    pub(crate) fn names_a_wait(self) -> bool {
        [Self::LOST_RACE, Self::VIEW_BEHIND, Self::UNAVAILABLE, Self::TIMED_OUT].contains(&self)
    }
}
