//! The verbs: how each is spelt, and which options it takes. What is not in this table is not done.

use std::fmt;

/// What the tool is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Groups,
    Show,
    Redrive,
    RedriveAll,
    Edit,
    Discard,
    Chain,
    Why,
    Queues,
    Projections,
    Rebuild,
    Verify,
    Replay,
    Replays,
    ShowReplay,
    CancelReplay,
    Import,
    Watch,
}

/// How a verb is spelt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) verb: Verb,
    words: &'static [&'static str],
    /// What it is about: one more word.
    about: Option<&'static str>,
    /// Options it is not understood without.
    needs: &'static [&'static str],
    /// Options it may have, besides those that every verb has.
    takes: &'static [&'static [&'static str]],
}

/// Options, and what the value of each is; of those without, nothing.
pub(crate) const OPTIONS: [(&str, Option<&str>); 28] = [
    ("--queue", Some("NAME")),
    ("--handler", Some("NAME")),
    ("--type", Some("TYPE")),
    ("--fingerprint", Some("ID")),
    ("--from", Some("TIME")),
    ("--before", Some("TIME")),
    ("--limit", Some("N")),
    ("--cursor", Some("CURSOR")),
    ("--all", None),
    ("--per-minute", Some("N")),
    ("--dry-run", None),
    ("--again", None),
    ("--body", Some("FILE")),
    ("--reason", Some("TEXT")),
    ("--chain", Some("CORRELATION_ID")),
    ("--tenant", Some("NAME")),
    ("--stream", Some("STREAM")),
    ("--timeout", Some("SECONDS")),
    ("--no-wait", None),
    ("--watch", Some("ID")),
    ("--api", Some("URL")),
    ("--token", Some("TOKEN")),
    ("--stack", Some("NAME")),
    ("--endpoint", Some("URL")),
    ("--region", Some("REGION")),
    ("--by", Some("NAME")),
    ("--json", None),
    ("--help", None),
];

/// What every verb takes.
const EVERYWHERE: &[&str] = &["--json", "--help"];
/// Where, and for whom: what is asked of the stack itself, and what is asked of its API.
const OF_STACK: &[&str] = &["--stack", "--endpoint", "--region", "--by"];
const OF_API: &[&str] = &["--api", "--token"];
const FILTER: &[&str] = &["--queue", "--handler", "--type", "--fingerprint", "--from", "--before"];
const EVENTS: &[&str] = &["--type", "--tenant", "--stream", "--from", "--before"];

/// Every verb.
pub(crate) const FORMS: [Form; 19] = [
    Form {
        verb: Verb::List,
        words: &["dead-letters", "list"],
        about: None,
        needs: &[],
        takes: &[FILTER, &["--limit", "--cursor"]],
    },
    Form {
        verb: Verb::Groups,
        words: &["dead-letters", "groups"],
        about: None,
        needs: &[],
        takes: &[FILTER],
    },
    Form {
        verb: Verb::Show,
        words: &["dead-letters", "show"],
        about: Some("ID"),
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::Redrive,
        words: &["dead-letters", "redrive"],
        about: Some("ID"),
        needs: &[],
        takes: &[&["--dry-run", "--again"]],
    },
    Form {
        verb: Verb::RedriveAll,
        words: &["dead-letters", "redrive"],
        about: None,
        needs: &["--all"],
        takes: &[FILTER, &["--limit", "--cursor", "--per-minute", "--dry-run", "--again"]],
    },
    Form {
        verb: Verb::Edit,
        words: &["dead-letters", "edit"],
        about: Some("ID"),
        needs: &["--body"],
        takes: &[&["--dry-run", "--again"]],
    },
    Form {
        verb: Verb::Discard,
        words: &["dead-letters", "discard"],
        about: Some("ID"),
        needs: &["--reason"],
        takes: &[&["--dry-run"]],
    },
    Form {
        verb: Verb::Chain,
        words: &["chain"],
        about: Some("CORRELATION_ID"),
        needs: &[],
        takes: &[&["--tenant"]],
    },
    Form {
        verb: Verb::Why,
        words: &["why"],
        about: Some("EVENT_ID"),
        needs: &[],
        takes: &[&["--chain", "--tenant"]],
    },
    Form { verb: Verb::Queues, words: &["queues"], about: None, needs: &[], takes: &[] },
    Form {
        verb: Verb::Projections,
        words: &["projections", "list"],
        about: None,
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::Rebuild,
        words: &["projections", "rebuild"],
        about: Some("NAME"),
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::Verify,
        words: &["projections", "verify"],
        about: Some("NAME"),
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::Replay,
        words: &["replay"],
        about: Some("HANDLER"),
        needs: &[],
        takes: &[EVENTS, &["--again", "--per-minute", "--dry-run"]],
    },
    Form {
        verb: Verb::Replays,
        words: &["replays", "list"],
        about: None,
        needs: &[],
        takes: &[&["--limit", "--cursor"]],
    },
    Form {
        verb: Verb::ShowReplay,
        words: &["replays", "show"],
        about: Some("ID"),
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::CancelReplay,
        words: &["replays", "cancel"],
        about: Some("ID"),
        needs: &[],
        takes: &[],
    },
    Form {
        verb: Verb::Import,
        words: &["import"],
        about: Some("FILE"),
        needs: &[],
        takes: &[&["--no-wait", "--timeout"]],
    },
    Form {
        verb: Verb::Watch,
        words: &["import"],
        about: None,
        needs: &["--watch"],
        takes: &[&["--timeout"]],
    },
];

impl Verb {
    /// The options that say where it is done.
    fn place(self) -> &'static [&'static str] {
        match self {
            Self::List
            | Self::Groups
            | Self::Show
            | Self::Redrive
            | Self::RedriveAll
            | Self::Edit
            | Self::Discard
            | Self::Chain
            | Self::Why
            | Self::Queues
            | Self::Projections
            | Self::Rebuild
            | Self::Verify
            | Self::Replay
            | Self::Replays
            | Self::ShowReplay
            | Self::CancelReplay => OF_STACK,
            Self::Import | Self::Watch => OF_API,
        }
    }
}

impl Form {
    /// The verb's own words.
    pub(crate) fn name(&self) -> String {
        self.words.join(" ")
    }

    /// Whether these are its words, and one more for what it is about.
    pub(crate) fn is_spelt(&self, words: &[String]) -> bool {
        self.begins(words) && words.len() == self.words.len() + usize::from(self.about.is_some())
    }

    /// Whether these are its words, whatever follows.
    pub(crate) fn begins(&self, words: &[String]) -> bool {
        words.len() >= self.words.len() && self.words.iter().zip(words).all(|(a, b)| a == b)
    }

    pub(crate) fn takes(&self, option: &str) -> bool {
        let own = self.takes.iter().copied().flatten();
        own.chain(self.needs)
            .chain(self.verb.place())
            .chain(EVERYWHERE)
            .any(|taken| *taken == option)
    }

    /// The first option it needs that is not among those given.
    pub(crate) fn lacks(&self, given: impl Fn(&str) -> bool) -> Option<&'static str> {
        self.needs.iter().copied().find(|needed| !given(needed))
    }
}

/// As it is typed, without where it is done and what every verb takes: `postroom dead-letters discard ID --reason TEXT [--dry-run]`.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postroom {}", self.name())?;
        self.about.map_or(Ok(()), |about| write!(f, " {about}"))?;
        for option in self.needs {
            write!(f, " {}", with_value(option))?;
        }
        for option in self.takes.iter().copied().flatten() {
            write!(f, " [{}]", with_value(option))?;
        }
        Ok(())
    }
}

/// `--limit N`, `--all`.
fn with_value(option: &str) -> String {
    let value = OPTIONS.iter().find(|(name, _)| *name == option).and_then(|(_, value)| *value);
    value.map_or_else(|| option.to_owned(), |value| format!("{option} {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help::HELP;

    #[test]
    fn help_shows_every_verb_and_explains_every_option() {
        for form in &FORMS {
            let spelt = Form { takes: &[], needs: form.needs, ..*form }.to_string();
            assert!(
                HELP.contains(&format!("    {spelt} ")) || HELP.contains(&format!("    {spelt}\n")),
                "{spelt}"
            );
        }
        for (option, _) in OPTIONS {
            let spelt = with_value(option);
            assert!(HELP.contains(&format!("    {spelt} ")), "{spelt}");
        }
    }

    #[test]
    fn every_option_of_a_verb_is_one_and_every_option_is_some_verbs() {
        let taken =
            FORMS.iter().flat_map(|form| form.takes.iter().copied().flatten().chain(form.needs));
        let taken: Vec<_> = taken.chain(OF_STACK).chain(OF_API).chain(EVERYWHERE).collect();

        for (option, _) in OPTIONS {
            assert!(taken.contains(&&option), "{option}");
        }
        for option in taken {
            assert!(OPTIONS.iter().any(|(name, _)| name == option), "{option}");
        }
    }
}
