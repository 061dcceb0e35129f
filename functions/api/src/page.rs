//! Lists in pages: `?limit=` and `?cursor=` in, `{"items": […], "next_cursor": …}` out.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::campaigns::CampaignFilter;
use domain::contacts::ContactPosition;
use domain::{Currency, PageRequest};
use jiff::Timestamp;
use postroom::{MessageId, port, sortable};
use schemars::JsonSchema;
use serde::de::value::{Error, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::kind::Kind;
use crate::problem::Problem;

/// Items of a page where the caller names no number.
const DEFAULT_LIMIT: usize = 20;
/// The most items of a page.
const MAX_LIMIT: usize = 100;

/// Which page of a list the caller asks for. Its cursor is not read before the list is known.
#[derive(Debug)]
pub(crate) struct PageQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Which campaigns the caller asks for.
#[derive(Debug)]
pub(crate) struct FilterQuery(pub(crate) CampaignFilter);

/// What the positions of a list look like: the ids of its items.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Position {
    /// `019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11`.
    Id,
    /// `2026-11-21T09:30:00.000000Z#019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11`.
    TimeAndId,
    /// `2026-11-21T09:30:00.000000Z#charge-card#7b0c…`, in all at most 1,024 bytes: a sort key.
    TimeAndText,
    /// `00000000000000000017`.
    Version,
    /// `00000000000000000017`, as well.
    Line,
    /// `["demo#orders/0192…",7]`: a stream's key, and the version of an event of it.
    Event,
    /// `NZD`.
    Currency,
    /// `email#ann@example.com`, or `name#ann smith  4c1f…`.
    Contact,
}

/// One page as it is answered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(crate) struct PageReply<T> {
    items: Vec<T>,
    /// Ask for the next page with it; `null`: this was the last one. A page may be short, even empty, and have a next.
    next_cursor: Option<String>,
}

/// One page of a read model's list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}PageOfVersion")]
pub(crate) struct VersionedPageReply<T> {
    #[serde(flatten)]
    page: PageReply<T>,
    /// The version that the list reflects: what made this one or an earlier one is in it, and nothing later.
    version: u64,
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            limit: Option<String>,
            cursor: Option<String>,
        }

        let Parameters { limit, cursor } = query(parts, state).await?;
        let Some(limit) = limit else { return Ok(Self { limit: None, cursor }) };
        match limit.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => Ok(Self { limit: Some(limit), cursor }),
            _ => Err(Problem::new(Kind::INVALID_LIMIT)
                .detail(format!("`limit` has to be 1-{MAX_LIMIT}"))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FilterQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Parameters {
            status: Option<String>,
            channel: Option<String>,
        }

        let Parameters { status, channel } = query(parts, state).await?;
        let (status, channel) = (filter("status", status)?, filter("channel", channel)?);
        Ok(Self(CampaignFilter { status, channel }))
    }
}

impl PageQuery {
    /// The schema of `limit`.
    pub(crate) fn limits() -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT })
    }

    /// The page of the list of this name, whose positions are of this shape.
    ///
    /// # Errors
    /// 400: the cursor is none that this list can have given out.
    pub(crate) fn of(self, list: &str, shape: Position) -> Result<PageRequest, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        Ok(PageRequest { limit, after: position(list, shape, self.cursor)? })
    }

    /// How many items, where the caller says it.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit
    }
}

impl Position {
    /// Whether a position can be one of these. It is written out again: only one text stands for one position.
    fn admits(self, position: &str) -> bool {
        let is_id = |text: &str| text.parse::<MessageId>().is_ok_and(|id| id.to_string() == text);
        let is_time = |text: &str| text.parse::<Timestamp>().is_ok_and(|at| sortable(at) == text);
        match self {
            Self::Id => is_id(position),
            Self::TimeAndId => {
                position.split_once('#').is_some_and(|(at, id)| is_time(at) && is_id(id))
            }
            // A time alone is one too: where reading began, and nothing was found yet.
            Self::TimeAndText => {
                let at = position.split_once('#').map_or(position, |(at, _)| at);
                position.len() <= 1024 && is_time(at)
            }
            Self::Contact => {
                let read = position.parse::<ContactPosition>();
                read.is_ok_and(|read| read.to_string() == position)
            }
            Self::Event => {
                let read = serde_json::from_str::<(String, u64)>(position);
                read.is_ok_and(|read| {
                    serde_json::to_string(&read).is_ok_and(|text| text == position)
                })
            }
            Self::Currency => Currency::try_from(position.to_owned()).is_ok(),
            Self::Version | Self::Line => {
                let number = position.parse::<u64>();
                number.is_ok_and(|number| format!("{number:020}") == position)
            }
        }
    }
}

impl<T> PageReply<T> {
    /// A page of the list of this name.
    pub(crate) fn of(list: &str, page: port::Page<T>) -> Self {
        let next_cursor = cursor(list, page.next);
        Self { items: page.items, next_cursor }
    }

    /// The same of a list that reflects a version.
    pub(crate) fn of_version(self, version: u64) -> VersionedPageReply<T> {
        VersionedPageReply { page: self, version }
    }
}

/// The cursor that leads to a position of a list.
pub(crate) fn cursor(list: &str, position: Option<String>) -> Option<String> {
    position.map(|position| encode(list, &position))
}

/// The position that a cursor leads to.
///
/// # Errors
/// 400: the cursor is not one that this list gave out.
pub(crate) fn position(
    list: &str,
    shape: Position,
    cursor: Option<String>,
) -> Result<Option<String>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    decode(list, shape, &cursor).map(Some).ok_or_else(|| {
        Problem::new(Kind::UNKNOWN_CURSOR).detail("`cursor` is not one that this list gave out")
    })
}

/// The parameters of the query, each of which may be there once.
pub(crate) async fn query<T: DeserializeOwned, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<T, Problem> {
    let query = Query::from_request_parts(parts, state).await;
    query
        .map(|Query(parameters)| parameters)
        .map_err(|rejection| Problem::new(Kind::MALFORMED_QUERY).detail(rejection.body_text()))
}

/// The same where there may be none but these: a misspelt filter would otherwise mean everything.
///
/// # Errors
/// 400, and names the first that is none of them, or is there twice.
pub(crate) async fn query_of<T: DeserializeOwned, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    names: &[&str],
) -> Result<T, Problem> {
    let malformed = |detail| Problem::new(Kind::MALFORMED_QUERY).detail(detail);
    let given: Vec<(String, String)> = query(parts, state).await?;
    let mut parameters = Map::new();
    for (name, value) in given {
        if !names.contains(&name.as_str()) {
            return Err(malformed(format!("`{name}` is none of {}", names.join(", "))));
        }
        if parameters.insert(name.clone(), Value::from(value)).is_some() {
            return Err(malformed(format!("`{name}` is there twice")));
        }
    }
    T::deserialize(Value::from(parameters)).map_err(|error| malformed(error.to_string()))
}

/// A filter's value; what is none is told what it has to be.
///
/// # Errors
/// 400, and names the filter.
pub(crate) fn filter<T: DeserializeOwned>(
    name: &str,
    value: Option<String>,
) -> Result<Option<T>, Problem> {
    let Some(value) = value else { return Ok(None) };
    let value: StringDeserializer<Error> = value.into_deserializer();
    let read = T::deserialize(value);
    read.map(Some)
        .map_err(|error| Problem::new(Kind::INVALID_FILTER).detail(format!("`{name}`: {error}")))
}

/// A cursor is base64url of `list`, a line feed and the position: opaque to callers, and useless on another list.
fn encode(list: &str, position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{list}\n{position}"))
}

fn decode(list: &str, shape: Position, cursor: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let position = text.strip_prefix(list)?.strip_prefix('\n')?;
    shape.admits(position).then(|| position.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_list() {
        let cursor = encode("campaigns", ID);

        assert_eq!(decode("campaigns", Position::Id, &cursor).as_deref(), Some(ID));
        assert_eq!(decode("campaign", Position::Id, &cursor), None);
        assert_eq!(decode("timeline/0192", Position::Id, &cursor), None);
    }

    #[test]
    fn what_no_list_gave_out_is_no_cursor() {
        for unknown in ["", "0192", "?", "Y2FtcGFpZ25z"] {
            assert_eq!(decode("campaigns", Position::Id, unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_position_has_the_shape_of_its_list() {
        let entry = format!("2026-11-21T09:30:00.000000Z#{ID}");
        let (upper, short) = (ID.to_uppercase(), ID.replace('-', ""));

        assert!(Position::Id.admits(ID) && Position::TimeAndId.admits(&entry));
        for other in ["", "zzz", &upper, &short, &entry] {
            assert!(!Position::Id.admits(other), "{other:?}");
        }
        let rounded = entry.replace(".000000", "");
        for other in ["", "#", ID, &rounded, &format!("{entry}#"), &format!("x#{ID}")] {
            assert!(!Position::TimeAndId.admits(other), "{other:?}");
        }
        assert!(Position::Version.admits("00000000000000000017"));
        for other in ["", "17", "+0000000000000000017", "99999999999999999999", ID] {
            assert!(!Position::Version.admits(other), "{other:?}");
        }
        assert!(Position::Event.admits(r#"["demo#orders/1",7]"#));
        for other in ["", "7", r#"["demo#orders/1", 7]"#, r#"["demo#orders/1",-7]"#, "[]", ID] {
            assert!(!Position::Event.admits(other), "{other:?}");
        }
        assert!(Position::Currency.admits("NZD"));
        for other in ["", "nzd", "NZDX", "NZ#"] {
            assert!(!Position::Currency.admits(other), "{other:?}");
        }
        for position in ["email#ann@example.com", "email#", "name#ann  4c1f", "name#a#b"] {
            assert!(Position::Contact.admits(position), "{position:?}");
        }
        for other in ["", "email", "phone#1", "#", &format!("name#{}", "n".repeat(1025))] {
            assert!(!Position::Contact.admits(other), "{other:?}");
        }
    }
}
