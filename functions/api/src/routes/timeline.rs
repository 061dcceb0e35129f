//! `/campaigns/{id}/timeline`.

use axum::Json;
use axum::extract::State;
use domain::timeline::{TimelineItem, list_timeline};

use crate::app::App;
use crate::caller::Caller;
use crate::page::{PageQuery, PageReply, Position};
use crate::problem::Problem;
use crate::route::{Route, get};
use crate::routes::CampaignPath;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/campaigns/{id}/timeline", list)
            .about("listTimeline", "What happened to a campaign, newest first, by pages."),
    ]
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(campaign_id): CampaignPath,
    page: PageQuery,
) -> Result<Json<PageReply<TimelineItem>>, Problem> {
    let list = format!("timeline/{campaign_id}");
    let request = page.of(&list, Position::TimeAndId)?;
    let page = list_timeline(&app.runtime.reader(caller.tenant()), campaign_id, request).await?;
    Ok(Json(PageReply::of(&list, page)))
}
