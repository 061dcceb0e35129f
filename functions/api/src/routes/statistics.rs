//! `/campaigns/{id}/statistics`.

use axum::Json;
use axum::extract::State;
use domain::statistics::{StatisticsView, get_statistics};

use crate::app::App;
use crate::caller::Caller;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::route::{Route, get};
use crate::routes::CampaignPath;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/campaigns/{id}/statistics", latest)
            .about("getStatistics", "What the provider counted, as of the last sync.")
            .refuses(Kind::not_found("statistics-not-synced")),
    ]
}

async fn latest(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(campaign_id): CampaignPath,
) -> Result<Json<StatisticsView>, Problem> {
    Ok(Json(get_statistics(&app.runtime.reader(caller.tenant()), campaign_id).await?))
}
