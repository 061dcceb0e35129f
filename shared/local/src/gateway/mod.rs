//! The HTTP API: requests in, events to functions, their answers out.
//!
//! Its own answers are API Gateway's, `{"message": "Unauthorized"}`, and every answer has its header `apigw-requestid`.
//! Besides the template's routes it has three of its own, which do not exist on AWS:
//! `GET /dev/token?tenant=T&scope=a+b&sub=S` makes a token, `GET /dev/chains/{id}?tenant=T` draws what
//! a correlation id caused, `POST /dev/schedules/{name}` fires a schedule now.

mod event;
mod reply;
mod routes;
mod token;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::chains::Chains;
use crate::lambda::Host;
use crate::schedules::{FireError, Schedules};
use crate::server::Server;
use crate::template::{Route, Stack};
use token::{ClaimNames, Identity, Tokens};

// 10 MB: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>, named
// from memory 2026-11-21.
const BODY_BYTES: usize = 10 * 1024 * 1024;
/// Who acts when no token was sent: the demo, with every right there is.
const DEMO_TENANT: &str = "demo";
const DEMO_SUBJECT: &str = "demo-user";
const EVERY_SCOPE: [&str; 1] = ["ops"];

/// Whether a request must carry a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authentication {
    /// A request without a token acts as the demo tenant with every right.
    #[default]
    Optional,
    /// A request without a token is refused, as on AWS.
    Required,
}

/// Why the gateway could not be started.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("cannot make a key for local tokens")]
    Key(#[from] token::NoRandomness),
    #[error("cannot serve the gateway")]
    Listen(#[source] io::Error),
}

/// The running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    server: Server,
}

#[derive(Debug)]
struct Inside {
    host: Host,
    chains: Chains,
    schedules: Arc<Schedules>,
    routes: Vec<Route>,
    tokens: Tokens,
    authentication: Authentication,
}

impl Gateway {
    pub(crate) fn start(
        listener: TcpListener,
        stack: &Stack,
        host: Host,
        schedules: Arc<Schedules>,
        chains: Chains,
        authentication: Authentication,
    ) -> Result<Self, GatewayError> {
        let inside = Inside {
            host,
            chains,
            schedules,
            routes: stack.routes.clone(),
            tokens: Tokens::new(ClaimNames::of(stack))?,
            authentication,
        };
        let router = Router::new()
            .route("/dev/token", get(make_token))
            .route("/dev/chains/{id}", get(draw_chain))
            .route("/dev/schedules/{name}", post(fire_schedule))
            .fallback(pass_on)
            .with_state(Arc::new(inside));
        Ok(Self { server: Server::start(listener, router).map_err(GatewayError::Listen)? })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

/// Any request that is not for the gateway itself.
async fn pass_on(State(inside): State<Arc<Inside>>, request: Request<Body>) -> Response {
    let request_id = Uuid::now_v7();
    let mut response = answer(&inside, request, request_id).await;
    reply::name(&mut response, request_id);
    response
}

async fn answer(inside: &Inside, request: Request<Body>, request_id: Uuid) -> Response {
    let (parts, body) = request.into_parts();
    let Some(route) = routes::find(&inside.routes, &parts.method, parts.uri.path()) else {
        return reply::message(StatusCode::NOT_FOUND, "Not Found");
    };
    let now = Timestamp::now();
    let claims = match authorize(inside, route, &parts.headers, now) {
        Ok(claims) => claims,
        Err(Unauthorized) => return reply::message(StatusCode::UNAUTHORIZED, "Unauthorized"),
    };
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let context = event::Context { request_id, route_key: &route.key, claims, now };
    let event = event::build(&parts, &body, context);
    match inside.host.invoke(&route.function, Bytes::from(event.to_string())).await {
        Ok(answer) => reply::from_answer(&answer.payload),
        Err(error) => {
            let reason = anyhow::Error::new(error.clone());
            let (function, Parts { method, uri, .. }) = (&route.function, &parts);
            tracing::warn!(function, %request_id, "{method} {uri}: {reason:#}");
            reply::from_error(&error)
        }
    }
}

/// The request has no token where it needs one, or a bad one.
#[derive(Debug)]
struct Unauthorized;

/// The claims that go with the request.
fn authorize(
    inside: &Inside,
    route: &Route,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Map<String, Value>>, Unauthorized> {
    if !route.needs_token {
        return Ok(None);
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return match inside.authentication {
            Authentication::Required => Err(Unauthorized),
            Authentication::Optional => Ok(Some(inside.tokens.claims_without_token(&demo()))),
        };
    };
    let value = value.to_str().map_err(|_| Unauthorized)?;
    // API Gateway takes the token with and without the word before it.
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    };
    inside.tokens.check(token, now).map(Some).map_err(|reason| {
        tracing::info!("request refused: {reason}");
        Unauthorized
    })
}

fn demo() -> Identity {
    Identity {
        tenant: DEMO_TENANT.to_owned(),
        scopes: EVERY_SCOPE.map(str::to_owned).into(),
        subject: DEMO_SUBJECT.to_owned(),
    }
}

async fn read(body: Body) -> Result<Bytes, Response> {
    match Limited::new(body, BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(reply::too_large()),
        Err(_) => Err(reply::message(StatusCode::BAD_REQUEST, "Bad Request")),
    }
}

/// `{"token": "eyJ…", "token_type": "Bearer", "expires_in": 3600}`
async fn make_token(
    State(inside): State<Arc<Inside>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let Some(tenant) = query.get("tenant").filter(|tenant| !tenant.is_empty()) else {
        return reply::message(StatusCode::BAD_REQUEST, "the query has no tenant");
    };
    let scopes = query.get("scope").map(String::as_str).unwrap_or_default();
    let identity = Identity {
        tenant: tenant.clone(),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        subject: query.get("sub").cloned().unwrap_or_else(|| format!("{tenant}-user")),
    };
    let token = inside.tokens.issue(&identity, Timestamp::now());
    let lifetime_s = token::LIFETIME.as_secs();
    axum::Json(json!({"token": token, "token_type": "Bearer", "expires_in": lifetime_s}))
        .into_response()
}

/// The tree as text: one row for each command, event and handler.
async fn draw_chain(
    State(inside): State<Arc<Inside>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let tenant = query.get("tenant").map_or(DEMO_TENANT, String::as_str);
    let (Ok(tenant), Ok(id)) = (tenant.parse(), id.parse()) else {
        return reply::message(StatusCode::BAD_REQUEST, "that is no tenant, or no correlation id");
    };
    match inside.chains.read(&tenant, &id).await {
        Ok(chain) if chain.roots.is_empty() => {
            let message = format!("tenant {tenant} has no chain {id}");
            reply::message(StatusCode::NOT_FOUND, &message)
        }
        Ok(chain) => chain.to_string().into_response(),
        Err(error) => reply::message(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

async fn fire_schedule(State(inside): State<Arc<Inside>>, Path(name): Path<String>) -> Response {
    match inside.schedules.request(&name) {
        Ok(()) => reply::message(StatusCode::ACCEPTED, "the schedule fires now"),
        Err(error @ FireError::Unknown { .. }) => {
            reply::message(StatusCode::NOT_FOUND, &error.to_string())
        }
        Err(error) => reply::message(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}
