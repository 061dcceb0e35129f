//! `/users`: sign up, and the profile.

use axum::Json;
use axum::extract::State;
use domain::users::{SignUpUser, User, UserInput, get_user};

use crate::app::App;
use crate::caller::Caller;
use crate::done::Created;
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
