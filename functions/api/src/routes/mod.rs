//! The routes, one file a slice.

mod campaigns;
mod timeline;
mod statistics;
mod notifications;
mod ledger;
mod contacts;
mod contact_imports;
mod rejected_rows;
mod reports;
mod users;
mod activity;
mod webhooks;
mod version;
pub(crate) mod ops;

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::{AccountId, CampaignId, ContactId, ContactImportId, OwnerId, ReportId, UserId};
use postroom::CorrelationId;

use crate::kind::Kind;
use crate::openapi;
use crate::problem::Problem;
use crate::route::Route;

pub(crate) use activity::ActivityQuery;
pub(crate) use contacts::SearchQuery;
pub(crate) use rejected_rows::{RejectedRows, Representation};
pub(crate) use version::AtLeastVersion;
pub(crate) use webhooks::SignedEvent;

/// Every route there is.
pub(crate) fn all() -> Vec<Route> {
    let slices = [
        campaigns::routes(),
        timeline::routes(),
        statistics::routes(),
        notifications::routes(),
        ledger::routes(),
        contacts::routes(),
        contact_imports::routes(),
        reports::routes(),
        users::routes(),
        activity::routes(),
        webhooks::routes(),
        ops::routes(),
        openapi::routes(),
    ];
    slices.into_iter().flatten().collect()
}

/// Makes the extractors of things that the path names by their ids. What is no id names no such thing: 404.
macro_rules! in_path {
    ($($(#[$about:meta])* $path:ident($id:ty), or $not_found:ident;)*) => {$(
        $(#[$about])*
        pub(crate) struct $path(pub(crate) $id);

        impl<S: Send + Sync> FromRequestParts<S> for $path {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let id = id_in_path(parts, state).await;
                id.map(Self).ok_or_else(|| Problem::new(Kind::$not_found))
            }
        }
    )*};
}

in_path! {
    /// The campaign in the path.
    CampaignPath(CampaignId), or CAMPAIGN_NOT_FOUND;
    /// The account in the path.
    AccountPath(AccountId), or ACCOUNT_NOT_FOUND;
    /// The owner in the path.
    OwnerPath(OwnerId), or OWNER_NOT_FOUND;
    /// The contact in the path.
    ContactPath(ContactId), or CONTACT_NOT_FOUND;
    /// The import in the path.
    ContactImportPath(ContactImportId), or CONTACT_IMPORT_NOT_FOUND;
    /// The report in the path.
    ReportPath(ReportId), or REPORT_NOT_FOUND;
    /// The user in the path.
    UserPath(UserId), or USER_NOT_FOUND;
    /// The projection in the path.
    ProjectionPath(String), or PROJECTION_NOT_FOUND;
    /// The replay in the path.
    ReplayPath(String), or REPLAY_NOT_FOUND;
    /// The chain in the path.
    ChainPath(CorrelationId), or CHAIN_NOT_FOUND;
}

async fn id_in_path<S: Send + Sync, T: FromStr>(parts: &mut Parts, state: &S) -> Option<T> {
    let path = Path::<String>::from_request_parts(parts, state).await.ok();
    path.and_then(|Path(id)| id.parse().ok())
}
