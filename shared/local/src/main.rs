//! `local`: runs the whole system until it is told to stop.

mod arguments;

use std::env;
use std::io::{self, Write as _};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use local::demo;
use local::system::{Options, System};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tracing_subscriber::EnvFilter;

use arguments::Request;

const WRONG_USAGE: u8 = 2;
/// Every step of stopping has a bound of its own; this one is for what nobody thought of.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let request = match arguments::parse(env::args_os().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            report(&error.into());
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let ran = match request {
        Request::Help => {
            // Nobody may be there to read it, as in `local --help | head -1`.
            let _ = io::stdout().write_all(arguments::HELP.as_bytes());
            Ok(())
        }
        Request::Serve(options) => {
            log("info");
            serve(options).await
        }
        Request::Demo(options) => {
            log("warn");
            let mut screen = io::stdout();
            tokio::select! {
                ran = demo::run(options, &mut screen) => ran,
                () = stopped() => Err(anyhow!("interrupted")),
            }
        }
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error, from this level up unless `RUST_LOG` says otherwise.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}

async fn serve(options: Options) -> anyhow::Result<()> {
    // One wait for the whole time: a signal between two of them would be lost.
    let mut stop = pin!(stopped());
    let system = tokio::select! {
        system = System::start(options) => system?,
        () = &mut stop => return Ok(()),
    };
    let (api, aws, provider) = (system.api_url(), system.aws_url(), system.provider_url());
    writeln!(io::stdout(), "ready api={api} aws={aws} provider={provider}")
        .context("cannot say that the system is ready")?;
    stop.await;
    tracing::info!("stopping");
    timeout(STOP_TIMEOUT, system.stop()).await.context("the system did not stop in time")
}

/// Returns at Ctrl-C or SIGTERM.
async fn stopped() {
    let listen = |kind| signal(kind).ok();
    let (interrupt, terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    let (Some(mut interrupt), Some(mut terminate)) = (interrupt, terminate) else {
        // Without handlers of ours the signals end the process themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn report(error: &anyhow::Error) {
    // A closed standard error leaves the exit code to tell.
    let _ = writeln!(io::stderr(), "error: {error:#}");
}
