//! `/notifications`.

use axum::Json;
use axum::extract::State;
use domain::notifications::{Notification, list_notifications};

use crate::app::App;
use crate::caller::Caller;
use crate::page::{PageQuery, PageReply, Position};
use crate::problem::Problem;
use crate::route::{Route, get};

const LIST: &str = "notifications";

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/notifications", list)
            .about("listNotifications", "What the team was told, newest first, by pages."),
    ]
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<PageReply<Notification>>, Problem> {
    let page = list_notifications(
        &app.runtime.reader(caller.tenant()),
        page.of(LIST, Position::TimeAndId)?,
    )
    .await?;
    Ok(Json(PageReply::of(LIST, page)))
}
