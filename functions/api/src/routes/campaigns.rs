//! `/campaigns`: create, list, get, and the steps of a campaign's life.

use axum::Json;
use axum::extract::State;
use domain::CampaignId;
use domain::campaigns::{
    CampaignInput, CampaignView, CompleteCampaign, CreateCampaign, PauseCampaign, PublishCampaign,
    ResumeCampaign, get_campaign, list_campaigns,
};
use postroom::{BoxFuture, Command};

use crate::app::App;
use crate::caller::Caller;
use crate::done::{Created, Done};
use crate::kind::Kind;
use crate::order::{Order, OrderOf};
use crate::page::{FilterQuery, PageQuery, PageReply, Position};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::{CampaignPath, ledger};

const LIST: &str = "campaigns";

/// What a step comes to.
type Stepped = BoxFuture<'static, Result<Done<CampaignView>, Problem>>;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/campaigns", create).about("createCampaign", "Creates a draft."),
        get("/campaigns", list).about("listCampaigns", "The campaigns, newest first, by pages."),
        get("/campaigns/{id}", one).about("getCampaign", "One campaign."),
        post("/campaigns/{id}/publish", step(|campaign_id| PublishCampaign { campaign_id }))
            .about("publishCampaign", "Takes a draft live, as far as the plan allows.")
            .refuses(Kind::conflict("campaign-not-draft"))
            .refuses(Kind::conflict("plan-limit-reached"))
            .refuses(Kind::ACCOUNT_NOT_FOUND)
            .refuses(ledger::CLOSED)
            .refuses(ledger::OTHER_CURRENCY)
            .refuses(ledger::NO_FUNDS),
        post("/campaigns/{id}/pause", step(|campaign_id| PauseCampaign { campaign_id }))
            .about("pauseCampaign", "Stops a published campaign for a while.")
            .refuses(Kind::conflict("campaign-not-published")),
        post("/campaigns/{id}/resume", step(|campaign_id| ResumeCampaign { campaign_id }))
            .about("resumeCampaign", "Lets a paused campaign go on.")
            .refuses(Kind::conflict("campaign-not-paused")),
        post("/campaigns/{id}/complete", step(|campaign_id| CompleteCampaign { campaign_id }))
            .about("completeCampaign", "Ends a published or paused campaign for good.")
            .refuses(Kind::conflict("campaign-not-live")),
    ]
}

async fn create(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<CampaignInput>,
) -> Result<Created<CampaignView>, Problem> {
    let command = CreateCampaign::try_from(input)?;
    let done = app.execute(&command, &origin).await?;
    Ok(done.at(|created| format!("/campaigns/{}", created.campaign.id)))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    FilterQuery(filter): FilterQuery,
    page: PageQuery,
) -> Result<Json<PageReply<CampaignView>>, Problem> {
    let page =
        list_campaigns(&app.runtime.reader(caller.tenant()), filter, page.of(LIST, Position::Id)?)
            .await?;
    Ok(Json(PageReply::of(LIST, page)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    CampaignPath(id): CampaignPath,
) -> Result<Json<CampaignView>, Problem> {
    Ok(Json(get_campaign(&app.runtime.reader(caller.tenant()), id).await?))
}

/// The handler of a step in a campaign's life.
fn step<C>(
    command: fn(CampaignId) -> C,
) -> impl Fn(State<App>, CampaignPath, Order) -> Stepped + Clone + Send + Sync + 'static
where
    C: Command<Output = CampaignView> + 'static,
{
    move |State(app), CampaignPath(id), Order { origin }| {
        Box::pin(async move { app.execute(&command(id), &origin).await })
    }
}
