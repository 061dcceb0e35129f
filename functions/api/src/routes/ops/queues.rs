//! `/ops/queues`: what waits, what was given up, what has not been sent.

use axum::Json;
use axum::extract::State;
use postroom::Overview;

use crate::app::App;
use crate::operations::Operator;
use crate::problem::Problem;
use crate::route::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/ops/queues", all)
            .about("listQueues", "How every queue stands, and the outbox in front of it."),
    ]
}

async fn all(State(app): State<App>, _: Operator) -> Result<Json<Overview>, Problem> {
    let (operations, now) = (&app.operations, app.runtime.ports().clock.now());
    let (depths, outbox) = (&*operations.depths, &*operations.outbox);
    Ok(Json(Overview::read(depths, &operations.office, outbox, now).await?))
}
