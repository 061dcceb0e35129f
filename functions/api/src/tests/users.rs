//! `/users`: signing up, and the profile.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{Ask, Reply, World};

async fn sign_up(world: &World, body: &Value) -> Reply {
    world.send(Ask::new("POST", "/users").body(body.to_string())).await
}

fn user(email: &str) -> Value {
    json!({ "email": email, "name": "Ann Smith" })
}

#[tokio::test]
async fn whoever_signs_up_has_a_profile() {
    let world = World::new();
    let bob = sign_up(&world, &user("bob@example.com")).await.body["id"].clone();
    let body = json!({ "email": " Ann@Example.com", "name": "Ann Smith ", "plan": "pro",
        "invited_by": bob });

    let signed_up = sign_up(&world, &body).await;

    assert_eq!(signed_up.status, StatusCode::CREATED, "{}", signed_up.body);
    let id = signed_up.body["id"].as_str().unwrap();
    assert_eq!(signed_up.header("location"), format!("/users/{id}"));
    assert_eq!(
        signed_up.body,
        json!({
            "id": id,
            "email": "ann@example.com",
            "name": "Ann Smith",
            "plan": "pro",
            "invited_by": bob,
            "created_at": "2026-11-21T09:30:00Z",
        })
    );
    let found = world.get(&format!("/users/{id}")).await;
    assert_eq!((found.status, found.body), (StatusCode::OK, signed_up.body.clone()));
}

#[tokio::test]
async fn an_address_that_has_a_user_is_409_and_names_the_user() {
    let world = World::new();
    let ann = sign_up(&world, &user("ann@example.com")).await;
    let written = world.written();

    let again = sign_up(&world, &user("ANN@EXAMPLE.COM")).await;

    again.is_problem(409, "email-taken");
    let detail = again.body["detail"].as_str().unwrap();
    assert!(detail.ends_with(ann.body["id"].as_str().unwrap()), "{detail}");
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn a_repeat_under_its_key_is_answered_and_signs_nobody_up() {
    let world = World::new();
    let body = user("ann@example.com").to_string();
    let ask = || Ask::new("POST", "/users").header("idempotency-key", "k1").body(body.clone());
    let first = world.send(ask()).await;
    let written = world.written();

    let again = world.send(ask()).await;

    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(world.written(), written);
}

#[tokio::test]
async fn nobody_is_invited_by_whom_there_is_not() {
    let world = World::new();
    let nobody = "00000000-0000-5000-8000-000000000001";
    let mut body = user("ann@example.com");
    body["invited_by"] = json!(nobody);

    let refused = sign_up(&world, &body).await;

    refused.is_problem(404, "inviter-not-found");
    assert!(refused.body["detail"].as_str().unwrap().contains(nobody));
    assert_eq!(sign_up(&world, &user("ann@example.com")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_wrong_with_a_user_is_named() {
    let world = World::new();
    let body = json!({ "email": "ann", "name": "", "plan": "No Plan" });

    let wrong = sign_up(&world, &body).await;

    wrong.is_problem(422, "invalid-input");
    let errors = wrong.body["errors"].as_array().unwrap().iter();
    let paths: Vec<&Value> = errors.map(|error| &error["path"]).collect();
    assert_eq!(paths, ["/email", "/name", "/plan"]);
}

#[tokio::test]
async fn what_is_no_user_of_the_tenant_is_404() {
    let world = World::new();
    let ann = sign_up(&world, &user("ann@example.com")).await;
    let path = format!("/users/{}", ann.body["id"].as_str().unwrap());

    let theirs = world.send(Ask::new("GET", &path).claim("custom:tenant", "other")).await;

    theirs.is_problem(404, "user-not-found");
    world.get("/users/no-id").await.is_problem(404, "user-not-found");
}

#[tokio::test]
async fn a_trial_is_shown_until_and_after_an_upgrade_ends_it() {
    let world = World::new();
    let mut body = user("ann@example.com");
    body["plan"] = json!("trial");
    let ann = sign_up(&world, &body).await.body["id"].clone();
    let path = format!("/users/{}", ann.as_str().unwrap());
    let shown = |status: &str| {
        json!({
            "user_id": ann,
            "status": status,
            "began_at": "2026-11-21T09:30:00Z",
            "reminds_at": "2026-12-02T09:30:00Z",
            "ends_at": "2026-12-05T09:30:00Z",
        })
    };
    let running = world.get(&format!("{path}/trial")).await;

    let pro = json!({ "plan": "pro" }).to_string();
    let upgraded = world.send(Ask::new("POST", &format!("{path}/upgrade")).body(pro)).await;

    assert_eq!((running.status, running.body), (StatusCode::OK, shown("running")));
    assert_eq!((upgraded.status, &upgraded.body["plan"]), (StatusCode::OK, &json!("pro")));
    assert_eq!(world.get(&format!("{path}/trial")).await.body, shown("upgraded"));
    assert_eq!(world.get(&path).await.body, upgraded.body);
}

#[tokio::test]
async fn nobody_upgrades_to_what_is_none_and_what_is_not_there_is_404() {
    let world = World::new();
    let mut body = user("ann@example.com");
    body["plan"] = json!("pro");
    let ann = sign_up(&world, &body).await.body["id"].as_str().unwrap().to_owned();
    let upgrade = async |id: &str, plan: &str| {
        let body = json!({ "plan": plan }).to_string();
        world.send(Ask::new("POST", &format!("/users/{id}/upgrade")).body(body)).await
    };

    upgrade(&ann, "pro").await.is_problem(409, "already-on-plan");
    upgrade(&ann, "trial").await.is_problem(422, "not-an-upgrade");
    upgrade(&ann, "free").await.is_problem(422, "not-an-upgrade");
    let wrong = upgrade(&ann, "No Plan").await;
    wrong.is_problem(422, "invalid-input");
    assert_eq!(wrong.body["errors"][0]["path"], "/plan");
    let nobody = "00000000-0000-5000-8000-000000000001";
    upgrade(nobody, "max").await.is_problem(404, "user-not-found");
    world.get(&format!("/users/{ann}/trial")).await.is_problem(404, "trial-not-found");
}
