//! `/notifications`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::notifications::{Notification, list_notifications};

use crate::app::App;
use crate::caller::Caller;
use crate::page::{PageQuery, PageReply};
use crate::problem::Problem;

const LIST: &str = "notifications";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/notifications", get(list))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<PageReply<Notification>>, Problem> {
    let page = list_notifications(&app.runtime.reader(caller.tenant()), page.of(LIST)?).await?;
    Ok(Json(PageReply::of(LIST, page)))
}
