//! `/contacts`: add, find, get, and what happened.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use domain::contacts::{
    AddContact, Contact, ContactInput, ContactQuery, get_contact, list_contact_timeline,
    list_contacts,
};
use domain::timeline::TimelineItem;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Caller;
use crate::done::Created;
use crate::kind::Kind;
use crate::order::OrderOf;
use crate::page::{PageQuery, PageReply, Position, query};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::ContactPath;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/contacts", add)
            .about("addContact", "Adds a contact: one for each e-mail address.")
            .refuses(Kind::conflict("contact-exists")),
        get("/contacts", list).about(
            "listContacts",
            "The contacts in the order of their e-mail addresses, or those that a query finds, by pages.",
        ),
        get("/contacts/{id}", one).about("getContact", "One contact."),
        get("/contacts/{id}/timeline", timeline).about(
            "listContactTimeline",
            "What happened to a contact, newest first, by pages.",
        ),
    ]
}

/// What the caller searches contacts by.
pub(crate) struct SearchQuery(ContactQuery);

impl<S: Send + Sync> FromRequestParts<S> for SearchQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            query: Option<String>,
        }

        let Parameters { query: text } = query(parts, state).await?;
        let read = text.unwrap_or_default().parse().map(Self);
        read.map_err(|invalid| {
            Problem::new(Kind::INVALID_FILTER).detail(format!("`query` {invalid}"))
        })
    }
}

async fn add(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<ContactInput>,
) -> Result<Created<Contact>, Problem> {
    let command = AddContact(input.try_into()?);
    let done = app.execute(&command, &origin).await?;
    Ok(done.at(|added| format!("/contacts/{}", added.id)))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    SearchQuery(query): SearchQuery,
    page: PageQuery,
) -> Result<Json<PageReply<Contact>>, Problem> {
    // A position means something only among what the same query finds.
    let list = format!("contacts?query={}", query.as_str());
    let request = page.of(&list, Position::Contact)?;
    let page = list_contacts(&app.runtime.reader(caller.tenant()), &query, request).await?;
    Ok(Json(PageReply::of(&list, page)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    ContactPath(id): ContactPath,
) -> Result<Json<Contact>, Problem> {
    Ok(Json(get_contact(&app.runtime.reader(caller.tenant()), id).await?))
}

async fn timeline(
    State(app): State<App>,
    caller: Caller,
    ContactPath(id): ContactPath,
    page: PageQuery,
) -> Result<Json<PageReply<TimelineItem>>, Problem> {
    let list = format!("contacts/{id}/timeline");
    let request = page.of(&list, Position::Version)?;
    let (reader, history) =
        (app.runtime.reader(caller.tenant()), app.runtime.history(caller.tenant()));
    let page = list_contact_timeline(&reader, &history, id, request).await?;
    Ok(Json(PageReply::of(&list, page)))
}
