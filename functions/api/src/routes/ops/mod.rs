//! `/ops`: what operators see and decide about. Every route needs the right to operate, and sees all tenants' letters.

mod dead_letters;
mod chains;
mod queues;
mod projections;
mod replays;
mod letter_filter;

use crate::route::Route;

pub(crate) use chains::TenantQuery;
pub(crate) use dead_letters::LetterPath;
pub(crate) use letter_filter::{LetterFilterQuery, LetterPageQuery};
pub(crate) use replays::Replay;

/// What the name of a tenant is made of, as `TenantId` reads it: no control characters.
pub(crate) const TENANT: &str = r"^[^\u0000-\u001F\u007F-\u009F]+$";

pub(super) fn routes() -> Vec<Route> {
    let parts = [
        dead_letters::routes(),
        chains::routes(),
        queues::routes(),
        projections::routes(),
        replays::routes(),
    ];
    parts.into_iter().flatten().collect()
}
