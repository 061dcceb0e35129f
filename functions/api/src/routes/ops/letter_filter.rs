//! Which dead letters are meant: in the query of a list, and in the body of a bulk.

use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postroom::LetterFilter;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kind::Kind;
use crate::page::{PageQuery, query_of};
use crate::problem::Problem;

/// What a query says of which letters are meant.
const FILTERS: [&str; 6] = ["queue", "handler", "type", "fingerprint", "from", "before"];
/// What it says besides, where the answer has pages.
const PAGES: [&str; 2] = ["limit", "cursor"];

/// Only those that meet all of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "DeadLetterFilter")]
pub(crate) struct FilterInput {
    /// From this queue.
    pub(crate) queue: Option<String>,
    /// Failed by this handler.
    pub(crate) handler: Option<String>,
    /// Of this message type.
    pub(crate) r#type: Option<String>,
    /// Failed in this way.
    #[schemars(extend("format" = "uuid"))]
    pub(crate) fingerprint: Option<String>,
    /// Last failed at this time or later.
    #[schemars(extend("format" = "date-time"))]
    pub(crate) from: Option<String>,
    /// Last failed before this time.
    #[schemars(extend("format" = "date-time"))]
    pub(crate) before: Option<String>,
}

/// Which letters the caller asks for, all of them at once.
pub(crate) struct LetterFilterQuery(pub(crate) LetterFilter);

/// Which letters the caller asks for, and which page of them.
pub(crate) struct LetterPageQuery(pub(crate) LetterFilter, pub(crate) PageQuery);

impl<S: Send + Sync> FromRequestParts<S> for LetterFilterQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let input: FilterInput = query_of(parts, state, &FILTERS).await?;
        input.read().map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LetterPageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = [FILTERS.as_slice(), &PAGES].concat();
        let input: FilterInput = query_of(parts, state, &names).await?;
        Ok(Self(input.read()?, PageQuery::from_request_parts(parts, state).await?))
    }
}

impl FilterInput {
    /// The filter it spells.
    ///
    /// # Errors
    /// 400: a fingerprint that is none, or a time.
    pub(crate) fn read(self) -> Result<LetterFilter, Problem> {
        Ok(LetterFilter {
            queue: self.queue,
            handler: self.handler,
            r#type: self.r#type,
            fingerprint: parsed("fingerprint", self.fingerprint)?,
            from: parsed("from", self.from)?,
            before: parsed("before", self.before)?,
        })
    }
}

fn parsed<T: FromStr>(name: &str, text: Option<String>) -> Result<Option<T>, Problem>
where
    T::Err: fmt::Display,
{
    let Some(text) = text else { return Ok(None) };
    let read = text.parse().map(Some);
    read.map_err(|error| Problem::new(Kind::INVALID_FILTER).detail(format!("`{name}`: {error}")))
}
