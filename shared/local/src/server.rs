//! A small HTTP server on the loopback address that stops when told, in bounded time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long requests in flight may take to finish once the server was told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A running server; dropping it stops it at once, [`Server::stop`] lets requests finish.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<io::Result<()>>,
}

/// Takes a port of the loopback address; 0 takes any free one.
///
/// Separate from [`Server::start`], so that a taken port is known before anything slow begins:
/// clients that connect in between wait in the backlog.
pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

impl Server {
    pub(crate) fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stopping, mut stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async move {
                    // An error means that the sender is gone, which is a stop as well.
                    let _ = stopped.wait_for(|stop| *stop).await;
                })
                .await
        });
        Ok(Self { address, stopping, tasks })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn stop(mut self) {
        self.stopping.send_replace(true);
        if timeout(DRAIN_TIMEOUT, self.tasks.join_next()).await.is_err() {
            tracing::debug!("requests to {} did not finish in time", self.address);
        }
        self.tasks.shutdown().await;
    }
}
