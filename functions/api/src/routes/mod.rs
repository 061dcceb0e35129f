//! The routes, one file a slice.

mod campaigns;
mod timeline;
mod statistics;
mod notifications;

pub(crate) use campaigns::routes as campaigns;
pub(crate) use notifications::routes as notifications;
pub(crate) use statistics::routes as statistics;
pub(crate) use timeline::routes as timeline;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::CampaignId;

use crate::problem::Problem;

/// The campaign in the path. What is no id names no campaign: 404.
struct CampaignPath(CampaignId);

impl<S: Send + Sync> FromRequestParts<S> for CampaignPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        path.and_then(|Path(id)| id.parse().ok())
            .map(Self)
            .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "campaign-not-found"))
    }
}
