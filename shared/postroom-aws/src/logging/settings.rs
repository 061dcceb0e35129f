//! What the environment says of logs. Nothing that it says wrong keeps a function from its work.

use std::fmt::Display;
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::env::Env;
use crate::logging::levels::Levels;

const LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
const FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
/// Goes before the level that Lambda names.
const TARGETS: &str = "RUST_LOG";

/// What is written, how, and of which function.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) levels: Levels,
    pub(super) format: Format,
    /// What metrics are of: the function's name on AWS.
    pub(super) function: String,
    /// What could not be read, and why. In its place is what holds without it.
    pub(super) ignored: Vec<(&'static str, String)>,
}

impl Settings {
    pub(super) fn of_env(env: &mut Env) -> Self {
        let mut ignored = Vec::new();
        let lambdas: Option<LambdaLevel> = read(env, LEVEL, &mut ignored);
        let LambdaLevel { least, passing } = lambdas.unwrap_or(LambdaLevel::INFO);
        let named: Option<Targets> = read(env, TARGETS, &mut ignored);
        let named = named.unwrap_or_default();
        // A name that is no level is taken for a crate's; everybody else is not silent for it.
        let default = named.default_level().unwrap_or(least);
        Self {
            levels: Levels { written: named.with_default(default), passing },
            format: read(env, FORMAT, &mut ignored).unwrap_or_default(),
            function: env
                .optional("AWS_LAMBDA_FUNCTION_NAME")
                .unwrap_or_else(|| "local".to_owned()),
            ignored,
        }
    }
}

fn read<T: FromStr<Err: Display>>(
    env: &mut Env,
    name: &'static str,
    ignored: &mut Vec<(&'static str, String)>,
) -> Option<T> {
    match env.optional(name)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            ignored.push((name, error.to_string()));
            None
        }
    }
}

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    /// For people: `2026-11-21T09:30:00.000000Z INFO postroom::worker::record: done attempt=1 …`.
    Text,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        // As Lambda spells them: `JSON` and `Text`.
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(UnknownFormat),
        }
    }
}

/// A format that there is not. Permanent.
#[derive(Debug, thiserror::Error)]
#[error("neither JSON nor Text")]
pub(super) struct UnknownFormat;

/// A level as Lambda has them, and what a line has to say of itself there to arrive.
///
/// Lambda drops lines that are below the function's log level, by what they say of themselves; what says nothing is
/// taken for INFO.
// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>, read 2026-11-21.
#[derive(Debug, Clone, Copy)]
struct LambdaLevel {
    least: LevelFilter,
    /// INFO, or the least that arrives where that is more.
    passing: &'static str,
}

impl LambdaLevel {
    const INFO: Self = Self { least: LevelFilter::INFO, passing: "INFO" };
}

impl FromStr for LambdaLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let (least, passing) = match text.to_ascii_uppercase().as_str() {
            "TRACE" => (LevelFilter::TRACE, "INFO"),
            "DEBUG" => (LevelFilter::DEBUG, "INFO"),
            "INFO" => return Ok(Self::INFO),
            "WARN" => (LevelFilter::WARN, "WARN"),
            "ERROR" => (LevelFilter::ERROR, "ERROR"),
            // Nothing that `tracing` knows is as grave.
            "FATAL" => (LevelFilter::OFF, "FATAL"),
            _ => return Err(UnknownLevel),
        };
        Ok(Self { least, passing })
    }
}

/// A level that Lambda does not have. Permanent.
#[derive(Debug, thiserror::Error)]
#[error("none of TRACE, DEBUG, INFO, WARN, ERROR and FATAL")]
struct UnknownLevel;
