//! Which activity is asked for.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use crate::activity::ActivityItem;

/// Which items are listed: those that have all that is named here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Only events of this kind, or of this family.
    pub r#type: Option<EventPattern>,
    /// Only what happened to this thing.
    pub subject: Option<Subject>,
    /// Only what happened then or later.
    pub from: Option<Timestamp>,
}

/// A kind of events, `campaign.published`, or a family of them, `campaign.*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EventPattern(String);

/// A thing to which something can happen: the collection it is in and its id there, `campaigns/0192…`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Subject(String);

/// What a filter has to be, and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidActivityFilter {
    /// It is neither a kind nor a family of events.
    #[error(
        "has to be `noun.verb` in small letters, digits and `_`, or `noun.*`, in at most {} characters",
        EventPattern::MAX_CHARS
    )]
    Pattern,
    /// It names no thing.
    #[error(
        "has to be `collection/id`, in at most {} characters without control characters",
        Subject::MAX_CHARS
    )]
    Subject,
}

impl ActivityFilter {
    pub(super) fn admits_type(&self, item: &ActivityItem) -> bool {
        self.r#type.as_ref().is_none_or(|pattern| pattern.admits(&item.event_type))
    }

    /// Whether an item, and so all that are older, is before what is asked for.
    pub(super) fn is_before(&self, item: &ActivityItem) -> bool {
        self.from.is_some_and(|from| item.at < from)
    }
}

impl EventPattern {
    /// The longest there is; longer than any type.
    pub const MAX_CHARS: usize = 100;
    /// As a regular expression.
    pub const PATTERN: &'static str = r"^[a-z][a-z0-9_]*\.([a-z][a-z0-9_]*|\*)$";

    fn admits(&self, r#type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => r#type.starts_with(family),
            None => self.0 == r#type,
        }
    }
}

impl Subject {
    /// The longest there is; longer than any subject.
    pub const MAX_CHARS: usize = 512;
    /// As a regular expression.
    pub const PATTERN: &'static str = r"^[a-z][a-z0-9-]*/[^\u0000-\u001F\u007F-\u009F]+$";

    /// The subject as events name it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EventPattern {
    type Error = InvalidActivityFilter;

    fn try_from(text: String) -> Result<Self, InvalidActivityFilter> {
        let is_pattern = text
            .split_once('.')
            .is_some_and(|(noun, verb)| is_word(noun, '_') && (verb == "*" || is_word(verb, '_')));
        let is_valid = is_pattern && text.len() <= Self::MAX_CHARS;
        is_valid.then_some(Self(text)).ok_or(InvalidActivityFilter::Pattern)
    }
}

impl TryFrom<String> for Subject {
    type Error = InvalidActivityFilter;

    fn try_from(text: String) -> Result<Self, InvalidActivityFilter> {
        let is_subject = text.split_once('/').is_some_and(|(collection, id)| {
            is_word(collection, '-') && !id.is_empty() && !id.contains(char::is_control)
        });
        let is_valid = is_subject && text.chars().count() <= Self::MAX_CHARS;
        is_valid.then_some(Self(text)).ok_or(InvalidActivityFilter::Subject)
    }
}

fn is_word(text: &str, joint: char) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint)
}

impl fmt::Display for ActivityFilter {
    /// One text for each filter: `type=campaign.*&from=&subject=`. The subject, which may hold anything, is the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { r#type, subject, from } = self;
        let r#type = r#type.as_ref().map_or("", |pattern| &pattern.0);
        let from = from.map(|from| from.to_string()).unwrap_or_default();
        let subject = subject.as_ref().map_or("", Subject::as_str);
        write!(f, "type={type}&from={from}&subject={subject}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<EventPattern, InvalidActivityFilter> {
        text.to_owned().try_into()
    }

    fn subject(text: &str) -> Result<Subject, InvalidActivityFilter> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_kind_is_itself_and_a_family_all_that_begins_so() {
        let kinds = ["campaign.published", "campaign.created", "campaign_plan.created", "user.x"];
        let admitted = |text: &str| kinds.map(|kind| pattern(text).unwrap().admits(kind));

        assert_eq!(admitted("campaign.published"), [true, false, false, false]);
        assert_eq!(admitted("campaign.*"), [true, true, false, false]);
        assert_eq!(admitted("campaign.publish"), [false; 4]);
    }

    #[test]
    fn what_is_no_kind_and_no_family_is_refused() {
        let longest = format!("{}.created", "n".repeat(EventPattern::MAX_CHARS - 8));
        assert!(pattern(&longest).is_ok());
        for wrong in [
            "",
            "*",
            ".*",
            "campaign",
            "campaign.",
            "campaign.*.*",
            "campaign*",
            "*.created",
            "a.b.c",
            "Campaign.created",
            "campaign.pub*",
            " campaign.created",
            "1a.b",
            &format!("n{longest}"),
        ] {
            assert_eq!(pattern(wrong), Err(InvalidActivityFilter::Pattern), "{wrong:?}");
        }
    }

    #[test]
    fn what_names_no_thing_is_refused() {
        let longest = format!("things/{}", "ü".repeat(Subject::MAX_CHARS - 7));
        for right in ["campaigns/1", "dead-letters/a#b/0", "things/ü &?", &longest] {
            assert_eq!(subject(right).map(|read| read.as_str().to_owned()), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "/",
            "campaigns",
            "campaigns/",
            "/1",
            "Campaigns/1",
            "a/\n",
            &format!("{longest}ü"),
        ] {
            assert_eq!(subject(wrong), Err(InvalidActivityFilter::Subject), "{wrong:?}");
        }
    }

    #[test]
    fn no_two_filters_are_one_text() {
        let from = Some(Timestamp::UNIX_EPOCH);
        let filters = [
            ActivityFilter::default(),
            ActivityFilter { from, ..ActivityFilter::default() },
            ActivityFilter { subject: subject("a/b").ok(), ..ActivityFilter::default() },
            ActivityFilter { subject: subject("a/&from=").ok(), ..ActivityFilter::default() },
            ActivityFilter { r#type: pattern("a.b").ok(), from, subject: subject("a/b").ok() },
        ];
        let texts: std::collections::BTreeSet<_> =
            filters.iter().map(ToString::to_string).collect();

        assert_eq!(texts.len(), filters.len(), "{texts:?}");
    }
}
