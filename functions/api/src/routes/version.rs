//! `?at_least_version=`: a caller that has seen a version sees no older one.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::page::query;
use crate::problem::Problem;

/// The version that a read model has to have come to; 0 asks for none.
#[derive(Debug)]
pub(crate) struct AtLeastVersion(pub(crate) u64);

impl AtLeastVersion {
    /// Its schema.
    pub(crate) fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
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
        let version = at_least_version.map_or(Some(0), |version| version.parse().ok());
        version.map(Self).ok_or_else(|| {
            Problem::new(Kind::INVALID_FILTER).detail("`at_least_version` has to be a whole number")
        })
    }
}
