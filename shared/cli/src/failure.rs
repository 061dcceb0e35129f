//! Why a verb was not done, or not to its end.

use std::borrow::Cow;
use std::error::Error;

use postroom::port::StoreError;
use postroom::{
    BulkError, Classify, ExecuteError, OverviewError, ReadError, Refuse, ReplayError, Verdict,
    VerifyError, reason_of,
};
use serde_json::{Value, json};

use crate::arguments::UsageError;

/// Why a verb was not done; each kind has an exit code of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 2: the command line is not understood.
    Usage(UsageError),
    /// 3: there is no such thing, or it was refused.
    Refused { reason: String, code: Option<&'static str> },
    /// 1: anything else, with what to try next.
    Failed { error: anyhow::Error, next: Cow<'static, str> },
}

/// What may be tried when something failed that may pass.
pub(crate) const REPEAT: &str = "it may pass: the same command can be repeated";
/// What may be tried when AWS says no.
const LOOK: &str = "are stack and region (--stack, --region) right, and has whoever asks the rights that --help lists?";

impl Failure {
    /// There is no such thing, or it was refused, and no program has to tell why.
    pub(crate) fn refused(reason: String) -> Self {
        Self::Refused { reason, code: None }
    }

    /// Something was not decided to its end.
    pub(crate) fn interrupted() -> Self {
        let error = anyhow::anyhow!("it was interrupted");
        Self::Failed {
            error,
            next: "what was done is told above; --cursor goes on with the rest".into(),
        }
    }

    /// A read model is not as the journal has it.
    pub(crate) fn differs(name: &str, differences: u64) -> Self {
        let error =
            anyhow::anyhow!("{name} is not as the journal has it: {differences} differences");
        Self::Failed {
            error,
            next: "look for what did this, and whether this tool is of the same commit; `projections rebuild` makes it anew".into(),
        }
    }

    /// Some of a read model changed whenever it was read.
    pub(crate) fn not_compared(name: &str, rows: u64) -> Self {
        let error =
            anyhow::anyhow!("{rows} rows of {name} moved on each time and were not compared");
        Self::Failed {
            error,
            next: "nothing is known to be wrong; ask again when there is less going on".into(),
        }
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed { .. } => 1,
            Self::Usage(_) => 2,
            Self::Refused { .. } => 3,
        }
    }

    /// What is printed on standard error, row by row; `place` is where it was tried.
    pub(crate) fn rows(&self, place: Option<&str>) -> Vec<String> {
        let mut rows = vec![format!("postroom: {}", self.reason(place))];
        match self {
            Self::Usage(error) => {
                rows.extend(error.forms().into_iter().map(|form| format!("    {form}")));
                rows.push("    postroom --help says the rest".to_owned());
            }
            Self::Failed { next, .. } if !next.is_empty() => rows.push(format!("    {next}")),
            Self::Refused { code, .. } => {
                rows.extend(code.map(|code| format!("    it is refused as {code}")));
            }
            Self::Failed { .. } => {}
        }
        rows
    }

    /// The same as JSON: `{"reason": …, "exit_code": 1}`, and of what the kit refuses its `code`, as the API has it.
    pub(crate) fn json(&self, place: Option<&str>) -> Value {
        let mut json = json!({ "reason": self.reason(place), "exit_code": self.code() });
        if let Self::Refused { code: Some(code), .. } = self {
            json["code"] = (*code).into();
        }
        json
    }

    fn reason(&self, place: Option<&str>) -> String {
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        match self {
            Self::Usage(error) => error.to_string(),
            Self::Refused { reason, .. } => format!("{reason}{place}"),
            Self::Failed { error, .. } => format!("{}{place}", reason_of(error.as_ref())),
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl<E: Error + Classify + Refuse + Send + Sync + 'static> From<ExecuteError<E>> for Failure {
    fn from(error: ExecuteError<E>) -> Self {
        match (&error, error.refusal()) {
            (ExecuteError::Command { source, .. }, Some(refusal)) => {
                Self::Refused { reason: source.to_string(), code: Some(refusal.code) }
            }
            (_, Some(refusal)) => {
                Self::Refused { reason: reason_of(&error), code: Some(refusal.code) }
            }
            (_, None) => failed(error),
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotFound { .. } => Self::refused(error.to_string()),
            _ => failed(error),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error.refusal() {
            Some(refusal) => Self::Refused { reason: error.to_string(), code: Some(refusal.code) },
            None => failed(error),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed { error, next: Cow::Borrowed("") }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed { error: error.into(), next: Cow::Borrowed("") }
    }
}

macro_rules! classified {
    ($($error:ty)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                failed(error)
            }
        }
    )*};
}
classified!(StoreError ReadError OverviewError BulkError);

fn failed<E: Classify + Error + Send + Sync + 'static>(error: E) -> Failure {
    let next = match error.verdict() {
        Verdict::Retry { .. } => REPEAT,
        Verdict::Permanent => LOOK,
    };
    Failure::Failed { error: error.into(), next: next.into() }
}
