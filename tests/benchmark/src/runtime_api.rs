//! The Runtime API of one process: when it asked for its first event, and one event after another.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};

use crate::http::{self, Request, Response};

/// How long a process may take to start, or to answer an event.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long an invocation may take, by what its process is told.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Where a process asks for events and answers them.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    polls: Receiver<Instant>,
    events: Sender<Vec<u8>>,
    answers: Receiver<Result<Vec<u8>, String>>,
}

impl RuntimeApi {
    pub(crate) fn start() -> io::Result<Self> {
        let (polled, polls) = mpsc::channel();
        let (events, pending) = mpsc::channel();
        let (answered, answers) = mpsc::channel();
        // One process asks for one event at a time: nobody waits for this lock.
        let pending = Mutex::new(pending);
        let address = http::serve(move |request| {
            if request.path.ends_with("/invocation/next") {
                // Whoever started the process may have gone.
                let _ = polled.send(request.at);
                let pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
                return pending.recv().map_or(Response::empty(410), invocation);
            }
            let _ = answered.send(answer(request));
            Response::empty(202)
        })?;
        Ok(Self { address, polls, events, answers })
    }

    /// When the process asked for its next event.
    pub(crate) fn polled(&self) -> anyhow::Result<Instant> {
        self.polls.recv_timeout(PATIENCE).context("it does not ask for an event")
    }

    /// Gives it an event and waits for its answer.
    pub(crate) fn invoke(&self, event: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        self.events.send(event).context("the Runtime API has stopped")?;
        match self.answers.recv_timeout(PATIENCE).context("it does not answer")? {
            Ok(answer) => Ok(answer),
            Err(error) => bail!("it reports {error}"),
        }
    }
}

fn answer(request: &Request) -> Result<Vec<u8>, String> {
    if request.path.ends_with("/response") {
        Ok(request.body.clone())
    } else {
        Err(format!("{}: {}", request.path, String::from_utf8_lossy(&request.body)))
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline is a time of the machine's own clock")]
fn invocation(event: Vec<u8>) -> Response {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIME_OUT;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:local-benchmark";
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", arn.to_owned()),
        (
            "lambda-runtime-trace-id",
            "Root=1-69202f58-4bf92f3577b34da6a3ce929d;Sampled=1".to_owned(),
        ),
    ];
    Response { status: 200, headers, body: event }
}
