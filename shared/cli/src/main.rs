//! `postroom`: the operator's tool.

mod help;
mod arguments;
mod stack;
mod output;
mod letters;
mod chains;
mod queues;

use std::io::Write as _;
use std::process::ExitCode;

use postroom::port::StoreError;
use postroom::{BulkError, DecideError, ExecuteError, OverviewError, Refuse, reason_of};

use crate::arguments::{Arguments, UsageError};
use crate::output::Output;
use crate::stack::Stack;

/// Why a verb was not done; each has an exit code of its own.
#[derive(Debug)]
enum Failure {
    /// 2: the command line is not understood.
    Usage(UsageError),
    /// 3: there is no such thing, or it was refused.
    Refused(String),
    /// 1: anything else.
    Failed(anyhow::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let (text, code) = match run(arguments).await {
        Ok(text) => (text, 0),
        Err(failure) => {
            let (reason, code) = match failure {
                Failure::Usage(error) => (error.to_string(), 2),
                Failure::Refused(reason) => (reason, 3),
                Failure::Failed(error) => (format!("{error:#}"), 1),
            };
            // Whoever closed standard error does not want to know.
            let _ = writeln!(std::io::stderr(), "postroom: {reason}");
            (String::new(), code)
        }
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(code),
        // As when it is piped into `head`.
        Err(_) => ExitCode::from(code.max(1)),
    }
}

async fn run(arguments: impl Iterator<Item = String>) -> Result<String, Failure> {
    let arguments = Arguments::read(arguments)?;
    if arguments.has("--help") || arguments.words.is_empty() {
        return Ok(help::HELP.to_owned());
    }
    let output = verb(&arguments).await?;
    let json = arguments.has("--json").then(|| format!("{:#}", output.json));
    Ok(json.unwrap_or_else(|| output.rows.join("\n")) + "\n")
}

async fn verb(arguments: &Arguments) -> Result<Output, Failure> {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    let stack = Stack::of(arguments)?;
    match words[..] {
        ["dead-letters", "list"] => letters::list(&stack, arguments).await,
        ["dead-letters", "groups"] => letters::groups(&stack, arguments).await,
        ["dead-letters", "show", id] => letters::show(&stack, id).await,
        ["dead-letters", "redrive"] if arguments.has("--all") => {
            letters::redrive_all(&stack, arguments).await
        }
        ["dead-letters", "redrive", id] => letters::redrive(&stack, arguments, id).await,
        ["dead-letters", "edit", id] => letters::edit(&stack, arguments, id).await,
        ["dead-letters", "discard", id] => letters::discard(&stack, arguments, id).await,
        ["chain", id] => chains::chain(&stack, arguments, id).await,
        ["why", event] => chains::why(&stack, arguments, event).await,
        ["queues"] => queues::queues(&stack).await,
        _ => Err(UsageError::NoCommand { words: words.join(" ") }.into()),
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<ExecuteError<DecideError>> for Failure {
    fn from(error: ExecuteError<DecideError>) -> Self {
        match (&error, error.refusal()) {
            (ExecuteError::Command { source, .. }, Some(_)) => Self::Refused(source.to_string()),
            (_, Some(_)) => Self::Refused(reason_of(&error)),
            (_, None) => Self::Failed(error.into()),
        }
    }
}

macro_rules! failed {
    ($($error:ty)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Failed(error.into())
            }
        }
    )*};
}
failed!(anyhow::Error StoreError OverviewError BulkError serde_json::Error);
