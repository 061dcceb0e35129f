//! One configuration and one HTTP client for all services: that is most of what a cold start costs.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{
    Credentials, HttpClient, RuntimeComponents, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

use crate::env::Env;

/// The roots of every AWS endpoint: Amazon Root CA 1-4 and Starfield Services Root CA - G2, as Mozilla ships them.
///
/// Reading these five instead of the machine's 140 saves tens of milliseconds of a small function's cold start.
// <https://www.amazontrust.com/repository/>, named from memory 2026-11-21.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long one attempt may take; DynamoDB and SQS answer in milliseconds, or not at all.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a read, or a write that may be repeated, is tried.
const MAX_ATTEMPTS: u32 = 3;
/// How long SES may take to take a mail. It is never asked twice, and what it has not answered a person has to look for.
pub(crate) const MAIL_TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration all clients are made from.
///
/// Written out instead of `aws_config::load_defaults`: a Lambda function has its region and its credentials in the
/// environment, and looking for them anywhere else takes time.
pub(crate) fn sdk_config(env: &mut Env) -> SdkConfig {
    let endpoint = env.optional("AWS_ENDPOINT_URL");
    let credentials = Credentials::new(
        env.text("AWS_ACCESS_KEY_ID"),
        env.text("AWS_SECRET_ACCESS_KEY"),
        env.optional("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env.text("AWS_REGION")))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        // They are at hand and stay the same; a cache looks at the clock for each call.
        .identity_cache(IdentityCache::no_cache())
        .http_client(kept_open(endpoint.as_deref()))
        .timeout_config(timeouts)
        // It ends answers that trickle, as the time-out of an attempt does, and costs something at every call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS));
    config.set_endpoint_url(endpoint);
    config.build()
}

/// An HTTP client whose connector is made at its first call.
///
/// The SDK's own client makes one whenever a service's client is made, to try it out, and throws it away: all roots are
/// read again for each.
// `aws-smithy-http-client` 1.5.2, `validate_base_client_config`, read 2026-11-21.
#[derive(Debug)]
struct AtFirstCall(SharedHttpClient);

impl HttpClient for AtFirstCall {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// One whose connections serve many calls.
fn kept_open(endpoint: Option<&str>) -> SharedHttpClient {
    SharedHttpClient::new(AtFirstCall(http_client(endpoint, Builder::new())))
}

/// One that opens a connection for each call. A connection that was idle, in a function that was frozen, may be closed on
/// the other side: who sends there learns neither that it arrived nor that it did not.
pub(crate) fn opened_each_time(endpoint: Option<&str>) -> SharedHttpClient {
    let builder = Builder::new().pool_max_idle_per_host(0);
    SharedHttpClient::new(AtFirstCall(http_client(endpoint, builder)))
}

/// Without TLS where the endpoint has none: the local system, whose functions then start as fast as they can.
fn http_client(endpoint: Option<&str>, builder: Builder) -> SharedHttpClient {
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        return builder.build_http();
    }
    let context = tls::TlsContext::builder().with_trust_store(trusted()).build();
    // Building a context checks nothing but client certificates, of which there are none.
    let context = context.unwrap_or_default();
    builder
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(context)
        .build_https()
}

/// Whom a function believes: Amazon, and nobody whom the machine believes.
fn trusted() -> tls::TrustStore {
    tls::TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::aws::DynamoClients;
    use crate::classify::{Failed, failed};

    fn config(endpoint: &str) -> SdkConfig {
        let mut env = Env::of([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", endpoint),
        ]);
        let config = sdk_config(&mut env);
        env.check().unwrap();
        config
    }

    async fn read(endpoint: &str) -> Failed {
        let client = DynamoClients::new(&config(endpoint)).once;
        let get =
            client.get_item().table_name("state").key("pk", AttributeValue::S("a".to_owned()));
        failed(&get.send().await.unwrap_err())
    }

    #[tokio::test]
    async fn a_connection_that_nobody_accepts_certainly_did_nothing() {
        // Port 1 is `tcpmux`, which nothing serves any more.
        assert_eq!(read("http://127.0.0.1:1").await, Failed::NotNow);
        assert_eq!(read("https://127.0.0.1:1").await, Failed::NotNow);
    }

    #[test]
    fn the_roots_of_amazon_can_be_read() {
        let roots = String::from_utf8_lossy(AMAZON_ROOTS);

        assert_eq!(roots.matches("-----BEGIN CERTIFICATE-----").count(), 5);
    }

    #[test]
    fn the_roots_of_the_machine_are_not_read() {
        // The store tells nobody but its debugger.
        let trusted = format!("{:?}", trusted());

        assert!(trusted.contains("enable_native_roots: false"), "{trusted}");
    }
}
