//! `/ops/chains`: everything that one correlation id caused.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use postroom::TenantId;
use postroom::chain::{Chain, Node, Sources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::kind::Kind;
use crate::operations::Operator;
use crate::page::query_of;
use crate::problem::Problem;
use crate::route::{Route, get};
use crate::routes::ChainPath;

/// The most that a chain takes of a reply. Lambda answers 6 MB at most, with the body as a string.
// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, from memory 2026-11-22.
const MAX_REPLY_BYTES: usize = 5 * 1024 * 1024;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/ops/chains/{correlation_id}", one).about(
        "getChain",
        "Everything that one correlation id caused, as a tree; also while it runs.",
    )]
}

/// Whose chain, where it is not the caller's own.
pub(crate) struct TenantQuery(Option<TenantId>);

/// A chain as a tree, and drawn.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Chain")]
pub(crate) struct ChainReply {
    /// The commands that began it, by time; then whatever names no known cause.
    roots: Vec<Node>,
    /// Whether it is longer than this: than thousands of events or runs, or than a reply may be.
    truncated: bool,
    /// The tree as text, one row a node.
    drawing: String,
}

async fn one(
    State(app): State<App>,
    Operator { origin }: Operator,
    ChainPath(correlation_id): ChainPath,
    TenantQuery(tenant): TenantQuery,
) -> Result<Json<ChainReply>, Problem> {
    let tenant = tenant.unwrap_or(origin.tenant_id);
    let sources = Sources {
        journal: &*app.operations.journal,
        inbox: &*app.runtime.ports().inbox,
        letters: &*app.operations.letters,
    };
    let mut chain = Chain::read(sources, &tenant, &correlation_id).await?;
    if chain.roots.is_empty() {
        return Err(Problem::new(Kind::CHAIN_NOT_FOUND));
    }
    chain.cut_to(MAX_REPLY_BYTES);
    let drawing = chain.to_string();
    Ok(Json(ChainReply { roots: chain.roots, truncated: chain.truncated, drawing }))
}

impl<S: Send + Sync> FromRequestParts<S> for TenantQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            tenant: Option<String>,
        }

        let Parameters { tenant } = query_of(parts, state, &["tenant"]).await?;
        let tenant = tenant.map(|tenant| tenant.parse()).transpose();
        tenant.map(Self).map_err(|invalid: postroom::InvalidId| {
            Problem::new(Kind::INVALID_FILTER).detail(format!("`tenant`: {invalid}"))
        })
    }
}
