//! `/ops/dead-letters`: list, group, look at, redrive, edit, discard.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use postroom::port::LetterHead;
use postroom::{
    Audited, Bulk, BulkReport, DeadLetterOffice, Discarded, Edit, Groups, Redrive, Redriven,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::letter_filter::FilterInput;
use super::{LetterFilterQuery, LetterPageQuery};
use crate::app::App;
use crate::done::Done;
use crate::kind::Kind;
use crate::operations::Operator;
use crate::order::{BodyOf, OrderOf};
use crate::page::{PageReply, Position, cursor, position};
use crate::problem::Problem;
use crate::route::{Route, get, post};

const LIST: &str = "dead-letters";
/// Letters of one bulk where the caller names no number.
const BULK: usize = 20;
/// Messages a minute of a bulk where the caller names no number.
const PER_MINUTE: u32 = 600;
/// The longest reason.
const MAX_REASON: usize = 500;

/// A read model leaves no event out.
const PROJECTED: Kind = Kind::conflict("dead-letter-projected");

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/ops/dead-letters", list)
            .about("listDeadLetters", "Open dead letters, the last failed first, by pages."),
        get("/ops/dead-letters/groups", groups)
            .about("groupDeadLetters", "Open dead letters, counted by how they failed."),
        post("/ops/dead-letters/redrive", redrive_all)
            .about("redriveDeadLetters", "Sends the messages of many letters once more, at a rate.")
            .refuses(Kind::INVALID_FILTER)
            .refuses(Kind::UNKNOWN_CURSOR),
        get("/ops/dead-letters/{id}", one).about(
            "getDeadLetter",
            "One dead letter, with its body and what was decided about it.",
        ),
        post("/ops/dead-letters/{id}/redrive", redrive)
            .about("redriveDeadLetter", "Sends a letter's message once more, as it is.")
            .refuses(Kind::conflict("dead-letter-not-open"))
            .refuses(Kind::conflict("dead-letter-redriven-often"))
            .refuses(Kind::conflict("dead-letter-unreadable"))
            .refuses(Kind::conflict("dead-letter-in-flight"))
            .refuses(Kind::conflict("dead-letter-parked-elsewhere"))
            .refuses(Kind::conflict("dead-letter-forgotten"))
            .refuses(Kind::invalid("message-too-large")),
        post("/ops/dead-letters/{id}/edit", edit)
            .about("editDeadLetter", "Sends another message in the place of a letter's.")
            .refuses(Kind::conflict("dead-letter-not-open"))
            .refuses(Kind::conflict("dead-letter-in-flight"))
            .refuses(Kind::conflict("dead-letter-done"))
            .refuses(Kind::conflict("dead-letter-parked-elsewhere"))
            .refuses(Kind::conflict("dead-letter-forgotten"))
            .refuses(PROJECTED)
            .refuses(Kind::invalid("no-message"))
            .refuses(Kind::invalid("other-tenant"))
            .refuses(Kind::invalid("other-chain"))
            .refuses(Kind::invalid("message-too-large")),
        post("/ops/dead-letters/{id}/discard", discard)
            .about("discardDeadLetter", "Gives a letter's message up, for a reason.")
            .refuses(Kind::conflict("dead-letter-not-open"))
            .refuses(Kind::conflict("dead-letter-in-flight"))
            .refuses(PROJECTED),
    ]
}

/// The letter in the path. Its `#` may be written `~`, which nobody on the way takes for anything else.
pub(crate) struct LetterPath(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for LetterPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        let found = path.map(|Path(id)| Self(id.replace('~', "#")));
        found.ok_or_else(|| Problem::new(Kind::DEAD_LETTER_NOT_FOUND))
    }
}

/// A dead letter and all that belongs to it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeadLetterWithBody")]
pub(crate) struct Whole {
    #[serde(flatten)]
    head: LetterHead,
    /// The last error and its causes, the outermost first.
    causes: Vec<String>,
    /// The body as it was received. With `dataref` in the place of `data`, that says where the data lies: it was too large to
    /// travel.
    body: String,
    /// What was decided about it, the first decision first.
    actions: Vec<Audited>,
}

/// Whether what is asked for is done, or only what would come of it is answered.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct DryRun(bool);

impl DryRun {
    fn office(&self, app: &App) -> DeadLetterOffice {
        let office = &app.operations.office;
        if self.0 { office.rehearsal() } else { office.clone() }
    }
}

/// What is not known is refused in all of these: a misspelt `dry_run` would otherwise decide, a misspelt filter mean all.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "RedriveInput")]
#[serde(deny_unknown_fields)]
pub(crate) struct RedriveInput {
    /// Also when it came back twice already, or is so old that what became of its message is forgotten: it may have been
    /// done.
    #[serde(default)]
    again: bool,
    /// Only answer what would be done, or refused.
    #[serde(default)]
    #[schemars(with = "bool")]
    dry_run: DryRun,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "EditInput")]
#[serde(deny_unknown_fields)]
pub(crate) struct EditInput {
    /// The whole envelope as it should have been, with its `data`, or the letter's own `dataref`. It gets an id of its own, and the letter's message is its cause.
    #[schemars(with = "serde_json::Map<String, Value>")]
    message: Value,
    /// Also when the letter is so old that what became of its message is forgotten: it may have been done.
    #[serde(default)]
    again: bool,
    /// Only answer what would be done, or refused.
    #[serde(default)]
    #[schemars(with = "bool")]
    dry_run: DryRun,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "DiscardInput")]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscardInput {
    /// Why, for whoever asks later.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// Only answer what would be done, or refused.
    #[serde(default)]
    #[schemars(with = "bool")]
    dry_run: DryRun,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "BulkRedriveInput")]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkInput {
    #[serde(flatten)]
    filter: FilterInput,
    /// Only answer what would be done, and what refused.
    #[serde(default)]
    #[schemars(with = "bool")]
    dry_run: DryRun,
    /// Also those that came back twice already, or whose message is forgotten.
    #[serde(default)]
    again: bool,
    /// How many letters at most.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// How many of their messages are sent in a minute, in which the outbox is precise.
    #[schemars(range(min = 1, max = 60000))]
    per_minute: Option<u32>,
    /// The `next` of the call before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    _: Operator,
    LetterPageQuery(filter, page): LetterPageQuery,
) -> Result<Json<PageReply<LetterHead>>, Problem> {
    let page = page.of(LIST, Position::TimeAndText)?;
    let found = app.operations.office.list(&filter, page.limit, page.after).await?;
    Ok(Json(PageReply::of(LIST, found)))
}

async fn groups(
    State(app): State<App>,
    _: Operator,
    LetterFilterQuery(filter): LetterFilterQuery,
) -> Result<Json<Groups>, Problem> {
    Ok(Json(app.operations.office.groups(&filter).await?))
}

async fn one(
    State(app): State<App>,
    _: Operator,
    LetterPath(id): LetterPath,
) -> Result<Json<Whole>, Problem> {
    let found = app.operations.office.find(&id).await?;
    let letter = found.ok_or_else(|| Problem::new(Kind::DEAD_LETTER_NOT_FOUND))?;
    let actions = app.operations.office.actions(&id).await?;
    let head = letter.head();
    Ok(Json(Whole { head, causes: letter.causes, body: letter.body, actions }))
}

async fn redrive(
    State(app): State<App>,
    _: Operator,
    LetterPath(id): LetterPath,
    OrderOf { origin, input }: OrderOf<RedriveInput>,
) -> Result<Done<Redriven>, Problem> {
    let how = Redrive { again: input.again, delay: Duration::ZERO };
    Ok(input.dry_run.office(&app).redrive(&id, how, &origin).await?.into())
}

async fn edit(
    State(app): State<App>,
    _: Operator,
    LetterPath(id): LetterPath,
    OrderOf { origin, input }: OrderOf<EditInput>,
) -> Result<Done<Redriven>, Problem> {
    let edit = Edit { body: &input.message.to_string(), again: input.again };
    Ok(input.dry_run.office(&app).edit(&id, edit, &origin).await?.into())
}

async fn discard(
    State(app): State<App>,
    _: Operator,
    LetterPath(id): LetterPath,
    OrderOf { origin, input }: OrderOf<DiscardInput>,
) -> Result<Done<Discarded>, Problem> {
    if !(1..=MAX_REASON).contains(&input.reason.chars().count()) {
        return Err(out_of_range("/reason", 1, MAX_REASON, "characters"));
    }
    Ok(input.dry_run.office(&app).discard(&id, &input.reason, &origin).await?.into())
}

async fn redrive_all(
    State(app): State<App>,
    Operator { origin }: Operator,
    BodyOf(input): BodyOf<BulkInput>,
) -> Result<Json<BulkReport>, Problem> {
    let (limit, per_minute) = (input.limit.unwrap_or(BULK), input.per_minute.unwrap_or(PER_MINUTE));
    if !(1..=100).contains(&limit) {
        return Err(out_of_range("/limit", 1, 100, "letters"));
    }
    if !(1..=60_000).contains(&per_minute) {
        return Err(out_of_range("/per_minute", 1, 60_000, "messages"));
    }
    let bulk = Bulk {
        filter: input.filter.read()?,
        limit,
        cursor: position(LIST, Position::TimeAndText, input.cursor)?,
        pace: Duration::from_mins(1) / per_minute,
        again: input.again,
    };
    let report = input.dry_run.office(&app).redrive_all(&bulk, &origin).await?;
    Ok(Json(BulkReport { next: cursor(LIST, report.next), ..report }))
}

fn out_of_range(path: &str, least: usize, most: usize, what: &str) -> Problem {
    let message = format!("has to be {least}-{most} {what}");
    Problem::invalid(vec![domain::Violation { path: path.to_owned(), message }])
}
