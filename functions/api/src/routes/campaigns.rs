//! `/campaigns`: create, list, get, publish.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::campaigns::{
    CampaignFilter, CampaignInput, CampaignView, CreateCampaign, PublishCampaign, get_campaign,
    list_campaigns,
};

use crate::app::App;
use crate::body::Body;
use crate::caller::Caller;
use crate::page::{PageQuery, PageReply};
use crate::problem::Problem;
use crate::routes::CampaignPath;

const LIST: &str = "campaigns";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/campaigns", post(create).get(list))
        .route("/campaigns/{id}", get(one))
        .route("/campaigns/{id}/publish", post(publish))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(input): Body<CampaignInput>,
) -> Result<impl IntoResponse, Problem> {
    let command = CreateCampaign::try_from(input)?;
    let created = app.runtime.execute(&command, &caller.origin).await?.output;
    let location = format!("/campaigns/{}", created.campaign.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(created)))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<PageReply<CampaignView>>, Problem> {
    let reader = app.runtime.reader(caller.tenant());
    let page = list_campaigns(&reader, CampaignFilter::default(), page.of(LIST)?).await?;
    Ok(Json(PageReply::of(LIST, page)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(id): CampaignPath,
) -> Result<Json<CampaignView>, Problem> {
    Ok(Json(get_campaign(&app.runtime.reader(caller.tenant()), id).await?))
}

async fn publish(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(campaign_id): CampaignPath,
) -> Result<Json<CampaignView>, Problem> {
    let command = PublishCampaign { campaign_id };
    Ok(Json(app.runtime.execute(&command, &caller.origin).await?.output))
}
