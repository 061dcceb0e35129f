//! The routes, one file a slice.

mod campaigns;
mod timeline;
mod statistics;
mod notifications;
mod ledger;
mod version;
pub(crate) mod ops;

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::{AccountId, CampaignId, OwnerId};

use crate::kind::Kind;
use crate::openapi;
use crate::problem::Problem;
use crate::route::Route;

pub(crate) use version::AtLeastVersion;

/// Every route there is.
pub(crate) fn all() -> Vec<Route> {
    let slices = [
        campaigns::routes(),
        timeline::routes(),
        statistics::routes(),
        notifications::routes(),
        ledger::routes(),
        ops::routes(),
        openapi::routes(),
    ];
    slices.into_iter().flatten().collect()
}

/// The campaign in the path. What is no id names no campaign: 404.
pub(crate) struct CampaignPath(pub(crate) CampaignId);

/// The account in the path, likewise.
pub(crate) struct AccountPath(pub(crate) AccountId);

/// The owner in the path, likewise.
pub(crate) struct OwnerPath(pub(crate) OwnerId);

impl<S: Send + Sync> FromRequestParts<S> for CampaignPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = id_in_path(parts, state).await;
        id.map(Self).ok_or_else(|| Problem::new(Kind::CAMPAIGN_NOT_FOUND))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AccountPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = id_in_path(parts, state).await;
        id.map(Self).ok_or_else(|| Problem::new(Kind::ACCOUNT_NOT_FOUND))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OwnerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = id_in_path(parts, state).await;
        id.map(Self).ok_or_else(|| Problem::new(Kind::OWNER_NOT_FOUND))
    }
}

async fn id_in_path<S: Send + Sync, T: FromStr>(parts: &mut Parts, state: &S) -> Option<T> {
    let path = Path::<String>::from_request_parts(parts, state).await.ok();
    path.and_then(|Path(id)| id.parse().ok())
}
