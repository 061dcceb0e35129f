//! The environment: read once, and everything that is missing or malformed reported together.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The environment variables of a function, and what was found wrong with them so far.
///
/// Reading never stops: what is missing reads as a placeholder, and [`check`](Env::check) names all of it at once.
///
/// ```
/// use postroom_aws::Env;
///
/// let mut env = Env::of([("MOST_OPEN_ORDERS", "many")]);
/// let _table = env.text("STATE_TABLE");
/// let _limit: u32 = env.parsed("MOST_OPEN_ORDERS");
///
/// let error = env.check().unwrap_err().to_string();
/// assert!(error.contains("STATE_TABLE is missing"));
/// assert!(error.contains("MOST_OPEN_ORDERS is malformed"));
/// ```
pub struct Env {
    values: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

/// What is wrong with the environment. Permanent: it takes another deployment.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not complete: {}", list(.problems))]
pub struct EnvError {
    problems: Vec<Problem>,
}

/// As it is shown: what a function's `main` returns, Rust prints by `Debug`.
impl fmt::Debug for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Missing { name: String },
    Malformed { name: String, reason: String },
}

impl Env {
    /// The environment of this process.
    ///
    /// Variables that are not Unicode count as missing.
    pub fn of_process() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { values, problems: Vec::new() }
    }

    /// An environment of these variables only.
    pub fn of<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, problems: Vec::new() }
    }

    /// A variable that has to be there and not empty.
    pub fn text(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| self.missing(name))
    }

    /// A variable that may be missing; an empty one counts as missing.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.values.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A variable that has to be there and be a `T`.
    pub fn parsed<T: FromStr + Default>(&mut self, name: &str) -> T
    where
        T::Err: fmt::Display,
    {
        if self.optional(name).is_none() {
            self.missing(name);
        }
        self.optional_parsed(name).unwrap_or_default()
    }

    /// A variable that may be missing, but has to be a `T` if it is there.
    pub fn optional_parsed<T: FromStr>(&mut self, name: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        match self.optional(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.malformed(name, &error);
                None
            }
        }
    }

    /// The URL of a handler's queue: `CHARGE_CARD_QUEUE_URL` for `charge-card`.
    pub fn queue_url(&mut self, handler: &str) -> String {
        let name = handler.to_uppercase().replace('-', "_");
        self.text(&format!("{name}_QUEUE_URL"))
    }

    /// Whether everything that was read so far is there and well formed.
    ///
    /// # Errors
    /// Names every variable that is not. Values are left out: they may be secret.
    pub fn check(&self) -> Result<(), EnvError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(EnvError { problems: self.problems.clone() })
        }
    }

    fn malformed(&mut self, name: &str, reason: &dyn fmt::Display) {
        self.add(Problem::Malformed { name: name.to_owned(), reason: reason.to_string() });
    }

    fn missing(&mut self, name: &str) -> String {
        self.add(Problem::Missing { name: name.to_owned() });
        String::new()
    }

    fn add(&mut self, problem: Problem) {
        // Two adapters may read one variable; it is reported once.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

impl fmt::Debug for Env {
    /// Names only: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("names", &self.values.keys())
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "{name} is missing"),
            Self::Malformed { name, reason } => write!(f, "{name} is malformed ({reason})"),
        }
    }
}

fn list(problems: &[Problem]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_or_malformed_is_reported_together_and_once() {
        let mut env = Env::of([("LIMIT", "many"), ("EMPTY", "")]);

        env.text("STATE_TABLE");
        env.text("STATE_TABLE");
        env.text("EMPTY");
        env.queue_url("charge-card");
        let limit: u32 = env.parsed("LIMIT");

        assert_eq!(limit, 0);
        assert_eq!(
            env.check().unwrap_err().to_string(),
            "the environment is not complete: STATE_TABLE is missing; EMPTY is missing; \
             CHARGE_CARD_QUEUE_URL is missing; LIMIT is malformed (invalid digit found in string)"
        );
    }

    #[test]
    fn what_is_optional_may_be_missing_but_not_malformed() {
        let mut env = Env::of([("PORT", "4566"), ("OTHER", "x")]);

        assert_eq!(env.optional_parsed("PORT"), Some(4566));
        assert_eq!(env.optional_parsed::<u16>("NOWHERE"), None);
        assert_eq!(env.check(), Ok(()));

        assert_eq!(env.optional_parsed::<u16>("OTHER"), None);
        assert!(env.check().is_err());
    }

    #[test]
    fn values_are_not_shown() {
        let env = Env::of([("AWS_SECRET_ACCESS_KEY", "hidden")]);

        assert!(!format!("{env:?}").contains("hidden"));
    }
}
