//! `local`: runs the whole system until it is told to stop.

mod arguments;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use local::system::{Options, System};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tracing_subscriber::EnvFilter;

use arguments::Request;

const WRONG_USAGE: u8 = 2;
/// Every step of stopping has a bound of its own; this one is for what nobody thought of.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let options = match arguments::parse(env::args_os().skip(1)) {
        Ok(Request::Serve(options)) => options,
        Ok(Request::Help) => {
            // Nobody may be there to read it, as in `local --help | head -1`.
            let _ = io::stdout().write_all(arguments::HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            report(&error.into());
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();

    match serve(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut stop = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };

    let system = tokio::select! {
        system = System::start(options) => system?,
        () = stop() => return Ok(()),
    };
    let (api, aws, provider) = (system.api_url(), system.aws_url(), system.provider_url());
    writeln!(io::stdout(), "ready api={api} aws={aws} provider={provider}")
        .context("cannot say that the system is ready")?;
    stop().await;
    tracing::info!("stopping");
    timeout(STOP_TIMEOUT, system.stop()).await.context("the system did not stop in time")
}

fn report(error: &anyhow::Error) {
    // A closed standard error leaves the exit code to tell.
    let _ = writeln!(io::stderr(), "error: {error:#}");
}
