//! `/activity`: all that happened, newest first.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use domain::activity::{ActivityFilter, ActivityItem, list_activity};
use serde::Deserialize;

use crate::app::App;
use crate::caller::Caller;
use crate::page::{PageQuery, PageReply, Position, filter, query_of};
use crate::problem::Problem;
use crate::route::{Route, get};

/// All that a query may say.
const PARAMETERS: [&str; 5] = ["type", "subject", "from", "limit", "cursor"];

pub(crate) fn routes() -> Vec<Route> {
    vec![get("/activity", list).about(
        "listActivity",
        "What happened to all things but contacts, newest first, by pages. A moment behind; of a contact see its timeline.",
    )]
}

/// Which activity the caller asks for, and which page of it.
pub(crate) struct ActivityQuery(ActivityFilter, PageQuery);

impl<S: Send + Sync> FromRequestParts<S> for ActivityQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            r#type: Option<String>,
            subject: Option<String>,
            from: Option<String>,
        }

        let Parameters { r#type, subject, from } = query_of(parts, state, &PARAMETERS).await?;
        let asked = ActivityFilter {
            r#type: filter("type", r#type)?,
            subject: filter("subject", subject)?,
            from: filter("from", from)?,
        };
        Ok(Self(asked, PageQuery::from_request_parts(parts, state).await?))
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ActivityQuery(filter, page): ActivityQuery,
) -> Result<Json<PageReply<ActivityItem>>, Problem> {
    // A position means something only among what the same filter finds.
    let list = format!("activity?{filter}");
    let request = page.of(&list, Position::TimeAndId)?;
    let page = list_activity(&app.runtime.reader(caller.tenant()), &filter, request).await?;
    Ok(Json(PageReply::of(&list, page)))
}
