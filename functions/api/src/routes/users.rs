//! `/users`: sign up, the profile, and how a trial stands.

use axum::Json;
use axum::extract::State;
use domain::trials::{Trial, get_trial};
use domain::users::{SignUpUser, UpgradeInput, UpgradeUser, User, UserInput, get_user};

use crate::app::App;
use crate::caller::Caller;
use crate::done::{Created, Done};
use crate::kind::Kind;
use crate::order::OrderOf;
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::UserPath;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/users", sign_up)
            .about(
                "signUpUser",
                "Signs a user up: one for each e-mail address. The user is sent a welcome.",
            )
            .refuses(Kind::conflict("email-taken"))
            .refuses(Kind::not_found("inviter-not-found")),
        get("/users/{id}", one).about("getUser", "One user: the profile."),
        post("/users/{id}/upgrade", upgrade)
            .about("upgradeUser", "Puts a user on another plan. A trial is over by that.")
            .refuses(Kind::conflict("already-on-plan"))
            .refuses(Kind::invalid("not-an-upgrade")),
        get("/users/{id}/trial", trial)
            .about("getTrial", "How a user's trial stands, also one that is over.")
            .refuses(Kind::not_found("trial-not-found")),
    ]
}

async fn sign_up(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<UserInput>,
) -> Result<Created<User>, Problem> {
    let command = SignUpUser::try_from(input)?;
    let done = app.execute(&command, &origin).await?;
    Ok(done.at(|user| format!("/users/{}", user.id)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    UserPath(id): UserPath,
) -> Result<Json<User>, Problem> {
    Ok(Json(get_user(&app.runtime.reader(caller.tenant()), id).await?))
}

async fn upgrade(
    State(app): State<App>,
    UserPath(user_id): UserPath,
    OrderOf { origin, input }: OrderOf<UpgradeInput>,
) -> Result<Done<User>, Problem> {
    app.execute(&UpgradeUser { user_id, plan: input.plan }, &origin).await
}

async fn trial(
    State(app): State<App>,
    caller: Caller,
    UserPath(id): UserPath,
) -> Result<Json<Trial>, Problem> {
    Ok(Json(get_trial(&app.runtime.reader(caller.tenant()), id).await?))
}
