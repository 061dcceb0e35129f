//! `?at_least_version=`: a caller that has seen a version sees no older one.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::page::query;
use crate::problem::Problem;

/// The largest version that may be asked for: every reader of JSON keeps it exactly, and no stream is so long.
const LARGEST: u64 = (1 << 53) - 1;

/// The version that a read model has to have come to; 0 asks for none.
#[derive(Debug)]
pub(crate) struct AtLeastVersion(pub(crate) u64);

impl AtLeastVersion {
    /// Its schema.
    pub(crate) fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": LARGEST })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AtLeastVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            at_least_version: Option<String>,
        }

        let Parameters { at_least_version } = query(parts, state).await?;
        let version = at_least_version.map_or(Ok(0), |version| version.parse());
        match version {
            Ok(version @ 0..=LARGEST) => Ok(Self(version)),
            _ => Err(Problem::new(Kind::INVALID_FILTER)
                .detail(format!("`at_least_version` has to be 0-{LARGEST}"))),
        }
    }
}
