//! The ad provider of this machine: an HTTP service that answers plausibly and fails on demand.
//!
//! | route | answer |
//! |---|---|
//! | `PUT /v1/campaigns/{id}` | `{"version": 2}`; 409 `{"error": "stale"}` where it knows a newer one |
//! | `GET /v1/campaigns/{id}` | what was put last, or 404; for onlookers: not a call, and no fault applies |
//! | `GET /v1/campaigns/{id}/insights` | `{"impressions": 12000, "clicks": 340, "spend_minor": 5120}` |
//! | `POST /faults`, `DELETE /faults` | 204; `faults.rs` shows the body |
//! | `GET /mailbox`, `GET /mailbox?to=a@example.com` | what was sent by SES, oldest first: `[{"id", "at", "fate", "from", "to", "subject", "text", "html", "headers"}]`; `fate` is `delivered`, `bounced`, `complained_about` or `suppressed` |
//! | `DELETE /mailbox` | 204; it is empty |
//! | `GET /calls` | `[{"method", "path", "idempotency_key", "status", "at"}]`, oldest first, of a `PUT` also `"version"` |
//!
//! `campaigns.rs` shows what is put. The same `Idempotency-Key` gets its first answer again, and 422 with another
//! campaign or state. The insights of a campaign are always the same and follow from its id; any id has some.

mod routes;
mod campaigns;
mod insights;
mod faults;
mod calls;

use std::io;

use crate::server::{self, Server};
use crate::ses::Mailbox;

/// Why the ad provider did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Another program listens there.
    #[error("port {port} is taken; choose another with {option}")]
    PortTaken { port: u16, option: &'static str },
    /// The port cannot be used for another reason.
    #[error("cannot listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        source: io::Error,
    },
}

/// The running ad provider; dropping it stops it.
#[derive(Debug)]
pub struct Provider {
    server: Server,
}

impl Provider {
    /// Starts on a port of the loopback address; 0 takes any free one. Beside the provider's pages it shows the mailbox.
    ///
    /// # Errors
    ///
    /// The port is taken or cannot be used.
    pub async fn start(port: u16, mailbox: Mailbox) -> Result<Self, ProviderError> {
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => {
                ProviderError::PortTaken { port, option: "--provider-port" }
            }
            _ => ProviderError::Listen { port, source },
        };
        let listener = server::bind(port).await.map_err(listen)?;
        let server = Server::start(listener, routes::router(mailbox)).map_err(listen)?;
        Ok(Self { server })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stops, and lets calls under way finish for a moment.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

#[cfg(test)]
mod tests;
