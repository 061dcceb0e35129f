//! The command line: words, and options in any place.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Options that take a value.
const VALUES: [&str; 17] = [
    "--stack",
    "--endpoint",
    "--region",
    "--tenant",
    "--by",
    "--queue",
    "--handler",
    "--type",
    "--fingerprint",
    "--from",
    "--before",
    "--limit",
    "--per-minute",
    "--reason",
    "--body",
    "--chain",
    "--cursor",
];
/// Options that take none.
const FLAGS: [&str; 5] = ["--json", "--dry-run", "--again", "--all", "--help"];

/// Why a command line is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("{option} is not an option; see --help")]
    Unknown { option: String },
    #[error("{option} needs a value; see --help")]
    NoValue { option: String },
    #[error("{option}: {reason}")]
    Invalid { option: String, reason: String },
    #[error("`{words}` is no command; see --help")]
    NoCommand { words: String },
    #[error("{option} is missing; see --help")]
    Missing { option: &'static str },
}

/// What stands on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) words: Vec<String>,
    values: BTreeMap<&'static str, String>,
    flags: Vec<&'static str>,
}

impl Arguments {
    /// Reads the arguments, without the program's name. Both `--a 1` and `--a=1` will do.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut read = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if !argument.starts_with("--") {
                read.words.push(argument);
                continue;
            }
            let (option, value) = match argument.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            if let Some(flag) = FLAGS.iter().find(|flag| **flag == option && value.is_none()) {
                read.flags.push(flag);
            } else if let Some(name) = VALUES.iter().find(|name| **name == option) {
                let value = value.or_else(|| arguments.next());
                read.values.insert(name, value.ok_or(UsageError::NoValue { option })?);
            } else {
                return Err(UsageError::Unknown { option });
            }
        }
        Ok(read)
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    pub(crate) fn text(&self, option: &str) -> Option<&str> {
        self.values.get(option).map(String::as_str)
    }

    pub(crate) fn needed(&self, option: &'static str) -> Result<&str, UsageError> {
        self.text(option).ok_or(UsageError::Missing { option })
    }

    pub(crate) fn parsed<T: FromStr>(&self, option: &str) -> Result<Option<T>, UsageError>
    where
        T::Err: fmt::Display,
    {
        let Some(text) = self.text(option) else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| UsageError::Invalid {
            option: option.to_owned(),
            reason: error.to_string(),
        })
    }

    /// A number within bounds, or the one that is meant where none is named.
    pub(crate) fn number(
        &self,
        option: &str,
        bounds: std::ops::RangeInclusive<u32>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, UsageError> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_and_options_stand_in_any_place() {
        let read = read("--json dead-letters --limit 5 list --queue=charge-card").unwrap();

        assert_eq!(read.words, ["dead-letters", "list"]);
        assert!(read.has("--json") && !read.has("--again"));
        assert_eq!(read.number("--limit", 1..=10, 7), Ok(5));
        assert_eq!(read.text("--queue"), Some("charge-card"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let unknown = |option: &str| Err(UsageError::Unknown { option: option.to_owned() });

        assert_eq!(read("list --jsn"), unknown("--jsn"));
        assert_eq!(read("list --json=yes"), unknown("--json"));
        assert_eq!(read("list --limit"), Err(UsageError::NoValue { option: "--limit".to_owned() }));
        for line in ["--limit 0", "--limit 11", "--limit many"] {
            let error = read(line).unwrap().number("--limit", 1..=10, 7).unwrap_err();
            assert!(matches!(error, UsageError::Invalid { .. }), "{line}");
        }
    }
}
