//! Connections to the provider, kept open between calls.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use crate::CONNECT;

/// How long an unused connection is kept; shorter than what servers and load balancers usually allow.
const IDLE: std::time::Duration = std::time::Duration::from_secs(20);

pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The client, made when it is first needed.
pub(crate) struct Connection {
    https: bool,
    client: OnceCell<HttpClient>,
}

impl Connection {
    pub(crate) fn new(https: bool) -> Self {
        Self { https, client: OnceCell::new() }
    }

    /// The client.
    ///
    /// # Errors
    /// The machine's trusted certificates cannot be read; the next call tries again.
    pub(crate) async fn client(&self) -> io::Result<&HttpClient> {
        self.client.get_or_try_init(|| async { connect(self.https) }).await
    }
}

fn connect(https: bool) -> io::Result<HttpClient> {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_nodelay(true);
    // The TLS layer above looks at the scheme.
    tcp.enforce_http(false);

    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls(https)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector))
}

/// Trusts the machine's certificates. Without TLS there is nothing to trust, and reading them is most of a cold start.
fn tls(https: bool) -> io::Result<ClientConfig> {
    // Named, not the process's default: that is ambiguous as soon as another crate brings a second one.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let trusting = if https {
        builder.with_native_roots()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(trusting.with_no_client_auth())
}
