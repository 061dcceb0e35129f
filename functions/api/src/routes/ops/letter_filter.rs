//! Which dead letters are meant: in the query of a list, and in the body of a bulk.

use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postroom::LetterFilter;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kind::Kind;
use crate::page::query_of;
use crate::problem::Problem;

/// What the query of a list says: which letters, and, where it has pages, which of them.
const NAMES: [&str; 8] =
    ["queue", "handler", "type", "fingerprint", "from", "before", "limit", "cursor"];
/// Those of the names that say which letters.
const FILTERS: usize = 6;

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

/// Which letters the caller asks for, of a list that has pages or is one.
pub(crate) struct LetterFilterQuery<const PAGED: bool>(pub(crate) LetterFilter);

impl<S: Send + Sync, const PAGED: bool> FromRequestParts<S> for LetterFilterQuery<PAGED> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = if PAGED { &NAMES[..] } else { &NAMES[..FILTERS] };
        let input: FilterInput = query_of(parts, state, names).await?;
        input.read().map(Self)
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
