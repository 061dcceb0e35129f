//! `/campaigns/{id}/statistics`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::statistics::{StatisticsView, get_statistics};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::routes::CampaignPath;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/campaigns/{id}/statistics", get(latest))
}

async fn latest(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(campaign_id): CampaignPath,
) -> Result<Json<StatisticsView>, Problem> {
    Ok(Json(get_statistics(&app.runtime.reader(caller.tenant()), campaign_id).await?))
}
