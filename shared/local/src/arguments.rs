//! The command line of `local`.

use std::ffi::OsString;
use std::path::PathBuf;

use local::gateway::Authentication;
use local::system::{Options, Output};

pub(crate) const HELP: &str = "\
The whole system on this machine: HTTP API, functions, queues, tables, ad provider.

    cargo run --bin local [-- OPTIONS]         serves until Ctrl-C
    cargo run --bin local -- demo [OPTIONS]    runs the main job on free ports, draws its chain, ends

Builds the functions, starts everything that infra/template.yaml declares on 127.0.0.1, and prints
one line on standard output when it is ready:

    ready api=http://127.0.0.1:3000 aws=http://127.0.0.1:4566 provider=http://127.0.0.1:3001

Logs go to standard error, those of a function behind its name. Ctrl-C stops everything.

Options:
    --api-port PORT        HTTP API; 0 takes any free port               [3000]
    --aws-port PORT        DynamoDB, SQS and S3, for AWS CLI and SDKs    [4566]
    --provider-port PORT   the ad provider, with faults to order         [3001]
    --data DIR             keep tables, objects and messages here; a fresh system otherwise
    --env-file FILE        write the functions' environment there, for `cargo lambda watch`
    --template FILE        another template than infra/template.yaml
    --parameter NAME=VALUE a template parameter's value; may be repeated
    --require-auth         refuse requests without a token with 401
    --quiet                do not show what the functions log
    --help                 this page

On the HTTP API, besides the routes of the application:
    GET  /dev/token?tenant=T&scope=a+b&sub=S   a token for `Authorization: Bearer`; without one,
                                               requests act as tenant `demo` with every right
    GET  /dev/chains/ID?tenant=T               what a correlation id caused, as a tree; tenant `demo`
                                               if none is named
    POST /dev/schedules/NAME                   fires a schedule now; its answer is in its log

On the AWS endpoint:
    GET  /_calls    how often each function called what; DELETE begins anew
    POST /_faults   the next calls fail, wait, or kill their caller; DELETE forgets what is left of them

On the ad provider:
    GET  /calls     the calls it got
    POST /faults    the next calls fail or wait
    GET  /v1/campaigns/ID   the state of a campaign that it was told last

Exit codes: 0 stopped as asked, 1 could not start or the demo failed (the reason is on standard
error), 2 wrong usage.
";

const DEFAULT_API_PORT: u16 = 3000;
const DEFAULT_AWS_PORT: u16 = 4566;
const DEFAULT_PROVIDER_PORT: u16 = 3001;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Request {
    Help,
    Serve(Options),
    Demo(Options),
}

/// Why a command line is not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("{argument} is not an option; see --help")]
    Unknown { argument: String },
    #[error("{option} needs a value; see --help")]
    NoValue { option: String },
    #[error("{option} takes {expected}, not `{value}`")]
    Invalid { option: String, expected: &'static str, value: String },
}

/// Reads the arguments, without the program's name. Both `--a 1` and `--a=1` will do.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut arguments =
        arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).peekable();
    let demo = arguments.next_if(|argument| argument == "demo").is_some();
    let mut options = if demo {
        // Nobody addresses it from outside, so it takes no port that anybody may need.
        Options { output: Output::Kept, ..Options::default() }
    } else {
        Options {
            api_port: DEFAULT_API_PORT,
            aws_port: DEFAULT_AWS_PORT,
            provider_port: DEFAULT_PROVIDER_PORT,
            ..Options::default()
        }
    };
    while let Some(argument) = arguments.next() {
        let (option, given) = match argument.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || {
            let value = given.clone().or_else(|| arguments.next());
            value.ok_or_else(|| UsageError::NoValue { option: option.clone() })
        };
        match option.as_str() {
            "--help" | "-h" => return Ok(Request::Help),
            "--api-port" => options.api_port = port(&option, value()?)?,
            "--aws-port" => options.aws_port = port(&option, value()?)?,
            "--provider-port" => options.provider_port = port(&option, value()?)?,
            "--data" => options.data = Some(PathBuf::from(value()?)),
            "--env-file" => options.env_file = Some(PathBuf::from(value()?)),
            "--template" => options.template = Some(PathBuf::from(value()?)),
            "--parameter" => {
                let (name, text) = parameter(&option, value()?)?;
                options.parameters.insert(name, text);
            }
            "--require-auth" => options.authentication = Authentication::Required,
            "--quiet" => options.output = Output::Kept,
            _ => return Err(UsageError::Unknown { argument: option }),
        }
    }
    Ok(if demo { Request::Demo(options) } else { Request::Serve(options) })
}

fn port(option: &str, value: String) -> Result<u16, UsageError> {
    let expected = "a port from 0 to 65535";
    value.parse().map_err(|_| UsageError::Invalid { option: option.to_owned(), expected, value })
}

fn parameter(option: &str, value: String) -> Result<(String, String), UsageError> {
    let split = value.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned()));
    let expected = "NAME=VALUE";
    split.ok_or_else(|| UsageError::Invalid { option: option.to_owned(), expected, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_option_arrives_where_it_belongs() {
        let line = "--api-port 0 --aws-port=1 --provider-port 2 --data d --env-file e \
                    --template t.yaml --parameter A=b=c --require-auth --quiet";

        let Ok(Request::Serve(options)) = parsed(line) else { panic!("{line} is not understood") };

        assert_eq!((options.api_port, options.aws_port, options.provider_port), (0, 1, 2));
        assert_eq!(options.data, Some(PathBuf::from("d")));
        assert_eq!(options.env_file, Some(PathBuf::from("e")));
        assert_eq!(options.template, Some(PathBuf::from("t.yaml")));
        assert_eq!(options.parameters["A"], "b=c");
        assert_eq!(options.authentication, Authentication::Required);
        assert_eq!(options.output, Output::Kept);
    }

    #[test]
    fn without_options_the_documented_ports_are_used() {
        let Ok(Request::Serve(options)) = parsed("") else { panic!("nothing is not understood") };

        assert_eq!((options.api_port, options.aws_port, options.provider_port), (3000, 4566, 3001));
    }

    #[test]
    fn the_demo_takes_free_ports_unless_told_otherwise() {
        let Ok(Request::Demo(options)) = parsed("demo --aws-port 4000") else { panic!("no demo") };

        assert_eq!((options.api_port, options.aws_port, options.provider_port), (0, 4000, 0));
        assert_eq!(options.output, Output::Kept);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let cases = [
            ("--api-prot 1", "--api-prot is not an option; see --help"),
            ("serve", "serve is not an option; see --help"),
            ("--data", "--data needs a value; see --help"),
            ("--aws-port 65536", "--aws-port takes a port from 0 to 65535, not `65536`"),
            ("--parameter A", "--parameter takes NAME=VALUE, not `A`"),
        ];

        for (line, message) in cases {
            assert_eq!(parsed(line).unwrap_err().to_string(), message);
        }
    }
}
