//! The HTTP connections of the endpoint.
//!
//! Served by hyper itself, not by axum, because a fault may demand that a connection is closed
//! without an answer, and an axum handler always answers.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::dispatch::Dispatcher;

/// More clients than this wait in the listener's backlog.
const MOST_CONNECTIONS: usize = 1_024;
/// How long requests under way may take once the endpoint stops. A long poll is cut off then.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// A client has this long to send the head of its next request.
const HEADER_TIMEOUT: Duration = Duration::from_mins(5);
/// How long to pause when the machine has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// All connections; dropping it closes them.
pub(super) struct Connections {
    stopping: watch::Sender<bool>,
    accepting: JoinSet<()>,
}

impl Connections {
    pub(super) fn accept(listener: TcpListener, dispatcher: Arc<Dispatcher>) -> Self {
        let (stopping, stopped) = watch::channel(false);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, dispatcher, stopped));
        Self { stopping, accepting }
    }

    /// Closes the listener at once, and the connections as their requests finish.
    pub(super) async fn stop(mut self) {
        self.stopping.send_replace(true);
        // The task bounds its own end.
        self.accepting.join_next().await;
    }
}

async fn accept(
    listener: TcpListener,
    dispatcher: Arc<Dispatcher>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    let stopped_connections = stopped.clone();
    loop {
        tokio::select! {
            () = stop_requested(&mut stopped) => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept(), if open.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    open.spawn(serve(stream, dispatcher.clone(), stopped_connections.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection to the AWS endpoint");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let drained = timeout(DRAIN_TIMEOUT, async { while open.join_next().await.is_some() {} });
    if drained.await.is_err() {
        tracing::debug!("cut off {} connections to the AWS endpoint", open.len());
    }
    open.shutdown().await;
}

async fn serve(stream: TcpStream, dispatcher: Arc<Dispatcher>, mut stopped: watch::Receiver<bool>) {
    // Answers are small and clients wait for them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let dispatcher = dispatcher.clone();
        async move { dispatcher.answer(request).await }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop_requested(&mut stopped) => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the AWS endpoint ended early");
    }
}

async fn stop_requested(stopped: &mut watch::Receiver<bool>) {
    // A closed channel is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}
