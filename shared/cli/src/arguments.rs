//! The command line: words, and options in any place. What is not understood is never guessed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::verbs::{FORMS, Form, OPTIONS, Verb};

/// Why a command line is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("{option} is not an option")]
    Unknown { option: String },
    #[error("{option} needs a value; one that begins with -- is written {option}=VALUE")]
    NoValue { option: String },
    #[error("{option} takes no value")]
    Value { option: String },
    #[error("{option} stands there twice")]
    Twice { option: &'static str },
    #[error("{option}: {reason}")]
    Invalid { option: String, reason: String },
    #[error("`{words}` is no command")]
    NoCommand { words: String },
    #[error("`{}` takes no {option}", form.name())]
    Unsuited { form: &'static Form, option: &'static str },
    #[error("`{}` lacks {what}", form.name())]
    Missing { form: &'static Form, what: &'static str },
    #[error("{option} is missing: without --endpoint, on AWS, nothing is taken for granted")]
    OnAws { option: &'static str },
    #[error(
        "`why` lacks --chain: the correlation id, which every log line, reply and letter of the event has; \
         or give it the id of a dead letter instead of an event's"
    )]
    NoChain,
}

impl UsageError {
    /// How to say what was perhaps meant.
    pub(crate) fn forms(&self) -> Vec<&'static Form> {
        let meant = match self {
            Self::Unsuited { form, .. } | Self::Missing { form, .. } => form.name(),
            Self::NoChain => "why".to_owned(),
            _ => return Vec::new(),
        };
        FORMS.iter().filter(|form| form.name() == meant).collect()
    }
}

/// What stands on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) verb: Verb,
    words: Vec<String>,
    options: BTreeMap<&'static str, String>,
}

impl Arguments {
    /// Reads the arguments, without the program's name; `None`: help is asked for. Both `--a 1` and `--a=1` will do.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Option<Self>, UsageError> {
        let (mut words, mut options) = (Vec::new(), BTreeMap::new());
        let mut arguments = arguments.into_iter().peekable();
        while let Some(argument) = arguments.next() {
            if !argument.starts_with("--") {
                words.push(argument);
                continue;
            }
            let (option, value) = match argument.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let Some((name, takes)) = OPTIONS.iter().find(|(name, _)| *name == option) else {
                return Err(UsageError::Unknown { option });
            };
            let value = match (takes, value) {
                (None, None) => String::new(),
                (None, Some(_)) => return Err(UsageError::Value { option }),
                // The next option is no value: `--reason --dry-run` would discard, for a strange reason.
                (Some(_), None) => {
                    arguments.next_if(|next| !next.starts_with("--")).unwrap_or_default()
                }
                (Some(_), Some(value)) => value,
            };
            if takes.is_some() && value.is_empty() {
                return Err(UsageError::NoValue { option });
            }
            if options.insert(*name, value).is_some() {
                return Err(UsageError::Twice { option: name });
            }
        }
        if options.contains_key("--help") || (words.is_empty() && options.is_empty()) {
            return Ok(None);
        }
        let form = form(&words, &options)?;
        Ok(Some(Self { verb: form.verb, words, options }))
    }

    /// What the verb is about: an id.
    pub(crate) fn about(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.options.contains_key(flag)
    }

    pub(crate) fn text(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(String::as_str)
    }

    /// What a verb is not understood without, and so is there.
    pub(crate) fn needed(&self, option: &str) -> &str {
        self.text(option).unwrap_or_default()
    }

    pub(crate) fn parsed<T: FromStr>(&self, option: &str) -> Result<Option<T>, UsageError>
    where
        T::Err: fmt::Display,
    {
        self.text(option).map(|text| parsed(option, text)).transpose()
    }

    /// A number within bounds, or the one that is meant where none is named.
    pub(crate) fn number(
        &self,
        option: &str,
        bounds: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32, UsageError> {
        let number = self.parsed(option)?.unwrap_or(default);
        if bounds.contains(&number) {
            return Ok(number);
        }
        let (least, most) = (bounds.start(), bounds.end());
        let reason = format!("has to be {least}-{most}");
        Err(UsageError::Invalid { option: option.to_owned(), reason })
    }
}

/// A text as what it should be.
pub(crate) fn parsed<T: FromStr>(option: &str, text: &str) -> Result<T, UsageError>
where
    T::Err: fmt::Display,
{
    text.parse().map_err(|error: T::Err| UsageError::Invalid {
        option: option.to_owned(),
        reason: error.to_string(),
    })
}

/// The one verb that these words spell, with all the options it needs, and none it does not take.
fn form(
    words: &[String],
    options: &BTreeMap<&'static str, String>,
) -> Result<&'static Form, UsageError> {
    let Some(form) = FORMS.iter().find(|form| form.is_spelt(words)) else {
        let unfinished =
            FORMS.iter().find(|form| form.begins(words) && form.name() == words.join(" "));
        return Err(match unfinished {
            Some(form) => UsageError::Missing { form, what: "what it is about" },
            None => UsageError::NoCommand { words: words.join(" ") },
        });
    };
    if let Some(what) = form.lacks(|option| options.contains_key(option)) {
        return Err(UsageError::Missing { form, what });
    }
    match options.keys().find(|option| !form.takes(option)) {
        Some(option) => Err(UsageError::Unsuited { form, option }),
        None => Ok(form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Arguments>, UsageError> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[track_caller]
    fn refused(line: &str) -> UsageError {
        read(line).unwrap_err()
    }

    #[test]
    fn words_and_options_stand_in_any_place() {
        let read = read("--json dead-letters --limit 5 list --queue=charge-card").unwrap().unwrap();

        assert_eq!(read.verb, Verb::List);
        assert!(read.has("--json") && !read.has("--by"));
        assert_eq!(read.number("--limit", 1..=10, 7), Ok(5));
        assert_eq!(read.text("--queue"), Some("charge-card"));
    }

    #[test]
    fn an_option_that_a_verb_does_not_take_is_refused() {
        for (line, option) in [
            ("queues --handler x", "--handler"),
            ("dead-letters groups --limit 5", "--limit"),
            ("dead-letters redrive ID --all", "--all"),
            ("dead-letters redrive ID --handler x", "--handler"),
            ("dead-letters discard ID --reason x --again", "--again"),
            ("dead-letters show ID --dry-run", "--dry-run"),
            ("dead-letters list --tenant x", "--tenant"),
            ("replay x --queue y", "--queue"),
            ("replays cancel ID --dry-run", "--dry-run"),
        ] {
            let error = refused(line);
            assert!(
                matches!(error, UsageError::Unsuited { option: o, .. } if o == option),
                "{line}"
            );
        }
    }

    #[test]
    fn an_option_that_stands_twice_is_refused() {
        for line in ["dead-letters list --handler a --handler b", "queues --json --json"] {
            assert!(matches!(refused(line), UsageError::Twice { .. }), "{line}");
        }
    }

    #[test]
    fn an_option_is_never_the_value_of_another() {
        for line in [
            "dead-letters discard ID --reason --dry-run",
            "dead-letters redrive --all --handler --dry-run",
            "dead-letters list --limit",
            "dead-letters list --handler=",
        ] {
            assert!(matches!(refused(line), UsageError::NoValue { .. }), "{line}");
        }
        let read = read("dead-letters discard ID --reason=--dry-run").unwrap().unwrap();
        assert!(!read.has("--dry-run"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let unknown = |option: &str| UsageError::Unknown { option: option.to_owned() };
        assert_eq!(refused("dead-letters list --jsn"), unknown("--jsn"));
        assert_eq!(refused("queues --json=yes"), UsageError::Value { option: "--json".to_owned() });
        for line in [
            "dead-letters liste",
            "dead-letters redrive ID —dry-run",
            "queues all",
            "replays",
            "--json",
        ] {
            assert!(matches!(refused(line), UsageError::NoCommand { .. }), "{line}");
        }
        for line in [
            "dead-letters redrive --handler x",
            "dead-letters show",
            "dead-letters edit ID",
            "dead-letters discard ID --dry-run",
            "replay",
            "replays show",
        ] {
            let error = refused(line);
            assert!(
                matches!(error, UsageError::Missing { .. }) && !error.forms().is_empty(),
                "{line}"
            );
        }
        for line in ["--limit 0", "--limit 11", "--limit many"] {
            let read = read(&format!("dead-letters list {line}")).unwrap().unwrap();
            let error = read.number("--limit", 1..=10, 7).unwrap_err();
            assert!(matches!(error, UsageError::Invalid { .. }), "{line}");
        }
    }

    #[test]
    fn help_is_what_nothing_at_all_asks_for() {
        assert_eq!((read(""), read("dead-letters list --help")), (Ok(None), Ok(None)));
    }
}
