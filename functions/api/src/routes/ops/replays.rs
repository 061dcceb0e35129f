//! `/ops/replays`: events that are sent once more, to one handler.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use postroom::{ReplayOrder, ReplayRehearsal, ReplayStatus, Replays, TenantId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::TENANT;
use crate::app::App;
use crate::done::{AcceptedAt, Done};
use crate::kind::Kind;
use crate::operations::Operator;
use crate::order::{Order, OrderOf};
use crate::page::{PageQuery, PageReply, Position, cursor, position};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::ReplayPath;

const LIST: &str = "replays";
const REHEARSAL: &str = "replays-rehearsal";

/// The longest names of a type, and of a stream: what is longer is nobody's.
const MAX_TYPE: usize = 128;
const MAX_STREAM: usize = 512;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/ops/replays", list).about("listReplays", "Replays and how far they have come, the last one first, by pages."),
        post("/ops/replays", request)
            .about(
                "requestReplay",
                "Sends events that the journal holds once more, to the queue of one handler, at a rate. With `dry_run` it only \
                 counts them, some pages of the journal a call.",
            )
            .refuses(Kind::UNKNOWN_CURSOR)
            .refuses(Kind::invalid("replay-no-such-handler"))
            .refuses(Kind::invalid("replay-of-read-models"))
            .refuses(Kind::invalid("replay-no-such-type"))
            .refuses(Kind::invalid("replay-not-replayable"))
            .refuses(Kind::invalid("replay-no-period"))
            .refuses(Kind::invalid("replay-stream-of-nobody"))
            .refuses(Kind::conflict("replay-running"))
            .refuses(Kind::conflict("too-many-replays")),
        get("/ops/replays/{id}", one).about("getReplay", "One replay, and how far it has come."),
        post("/ops/replays/{id}/cancel", cancel)
            .about("cancelReplay", "Calls a replay off. What it sends in this minute is still sent.")
            .refuses(Kind::conflict("replay-not-running")),
    ]
}

/// What is not known is refused: a misspelt `dry_run` would otherwise send, a misspelt filter mean all.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ReplayInput")]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayInput {
    /// The handler to whose queue they are sent.
    #[schemars(extend("examples" = ["sync-statistics"]))]
    handler: String,
    /// Only those of this type, or of this family: `campaign.*`.
    #[schemars(length(min = 1, max = 128))]
    r#type: Option<String>,
    /// Only those of this tenant.
    #[schemars(length(min = 1, max = 128), regex(pattern = TENANT))]
    tenant: Option<String>,
    /// Only those of this stream of the tenant: `campaigns/0192…`.
    #[schemars(length(min = 1, max = 512))]
    stream: Option<String>,
    /// Only those that happened at this time or later.
    from: Option<Timestamp>,
    /// Only those that happened before this time; never later than the request.
    until: Option<Timestamp>,
    /// Whatever was done before, where the handler says that it may be done once more.
    #[serde(default)]
    again: bool,
    /// How many are sent in a minute.
    #[schemars(range(min = 1, max = 6000))]
    per_minute: Option<u32>,
    /// Only count what would be sent.
    #[serde(default)]
    dry_run: bool,
    /// Of a dry run: the `next` of the call before.
    cursor: Option<String>,
}

/// A replay was begun, or only rehearsed.
pub(crate) enum Replay {
    Begun(AcceptedAt<ReplayStatus>),
    Rehearsed(Json<ReplayRehearsal>),
}

impl IntoResponse for Replay {
    fn into_response(self) -> Response {
        match self {
            Self::Begun(begun) => begun.into_response(),
            Self::Rehearsed(rehearsed) => rehearsed.into_response(),
        }
    }
}

async fn list(
    State(app): State<App>,
    _: Operator,
    page: PageQuery,
) -> Result<Json<PageReply<ReplayStatus>>, Problem> {
    let page = page.of(LIST, Position::Id)?;
    let found = app.operations.replays.list(page.limit, page.after).await?;
    Ok(Json(PageReply::of(LIST, found)))
}

async fn one(
    State(app): State<App>,
    _: Operator,
    ReplayPath(id): ReplayPath,
) -> Result<Json<ReplayStatus>, Problem> {
    let found = app.operations.replays.find(&id).await?;
    found.map(Json).ok_or_else(|| Problem::new(Kind::REPLAY_NOT_FOUND))
}

async fn request(
    State(app): State<App>,
    _: Operator,
    OrderOf { origin, input }: OrderOf<ReplayInput>,
) -> Result<Replay, Problem> {
    let replays = &app.operations.replays;
    let (is_dry, after) = (input.dry_run, input.cursor.clone());
    if after.is_some() && !is_dry {
        return Err(invalid("/cursor", "goes on with a dry run alone"));
    }
    let order = input.read()?;
    if is_dry {
        let after = position(REHEARSAL, Position::Event, after)?;
        let told = replays.rehearse(&order, after).await?;
        let next = cursor(REHEARSAL, told.next);
        return Ok(Replay::Rehearsed(Json(ReplayRehearsal { next, ..told })));
    }
    let begun = Done::from(replays.request(&order, &origin).await?);
    Ok(Replay::Begun(begun.accepted_at(|replay| format!("/ops/replays/{}", replay.id))))
}

async fn cancel(
    State(app): State<App>,
    _: Operator,
    ReplayPath(id): ReplayPath,
    Order { origin }: Order,
) -> Result<Done<ReplayStatus>, Problem> {
    Ok(app.operations.replays.cancel(&id, &origin).await?.into())
}

impl ReplayInput {
    /// The order it spells.
    fn read(self) -> Result<ReplayOrder, Problem> {
        let per_minute = self.per_minute.unwrap_or(Replays::PER_MINUTE);
        if !(1..=Replays::MOST_PER_MINUTE).contains(&per_minute) {
            return Err(invalid("/per_minute", "has to be 1-6000 messages"));
        }
        let tenant = self.tenant.map(|tenant| tenant.parse::<TenantId>()).transpose();
        Ok(ReplayOrder {
            handler: self.handler,
            r#type: named("/type", self.r#type, MAX_TYPE)?,
            tenant_id: tenant.map_err(|error| invalid("/tenant", &error.to_string()))?,
            stream: named("/stream", self.stream, MAX_STREAM)?,
            from: self.from,
            until: self.until,
            again: self.again,
            per_minute,
        })
    }
}

fn named(path: &str, text: Option<String>, most: usize) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if !(1..=most).contains(&text.chars().count()) => {
            Err(invalid(path, &format!("has to be 1-{most} characters")))
        }
        text => Ok(text),
    }
}

fn invalid(path: &str, message: &str) -> Problem {
    let (path, message) = (path.to_owned(), message.to_owned());
    Problem::invalid(vec![domain::Violation { path, message }])
}
