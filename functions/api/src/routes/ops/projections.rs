//! `/ops/projections`: how read models stand, and making another build of one.

use axum::Json;
use axum::extract::State;
use postroom::ProjectionStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::done::{Accepted, Done};
use crate::kind::Kind;
use crate::operations::Operator;
use crate::order::Order;
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::ProjectionPath;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/ops/projections", all)
            .about("listProjections", "How every read model stands, and the build of it that is being made."),
        get("/ops/projections/{name}", one)
            .about("getProjection", "How one read model stands, and how far the build that is being made has come."),
        post("/ops/projections/{name}/rebuild", rebuild).about(
            "rebuildProjection",
            "Makes another build of a read model from the journal, beside the one that is read; it then takes its place.",
        ),
    ]
}

/// All of them: there are a few, and they come without pages.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Projections")]
pub(crate) struct ProjectionsReply {
    items: Vec<ProjectionStatus>,
}

async fn all(State(app): State<App>, _: Operator) -> Result<Json<ProjectionsReply>, Problem> {
    Ok(Json(ProjectionsReply { items: app.operations.rebuilds.list().await? }))
}

async fn one(
    State(app): State<App>,
    _: Operator,
    ProjectionPath(name): ProjectionPath,
) -> Result<Json<ProjectionStatus>, Problem> {
    let found = app.operations.rebuilds.find(&name).await?;
    found.map(Json).ok_or_else(|| Problem::new(Kind::PROJECTION_NOT_FOUND))
}

async fn rebuild(
    State(app): State<App>,
    _: Operator,
    ProjectionPath(name): ProjectionPath,
    Order { origin }: Order,
) -> Result<Accepted<ProjectionStatus>, Problem> {
    let asked = app.operations.rebuilds.request(&name, &origin).await?;
    Ok(Done::from(asked).accepted())
}
