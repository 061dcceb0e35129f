//! A secret of Secrets Manager.

use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use postroom::port::{SecretError, Secrets};
use postroom::{BoxFuture, SecretText};

use crate::aws::Aws;
use crate::classify::{Failed, failed};
use crate::plain_requests::PlainRequests;

/// One secret, its current version, which is text.
///
/// Most requests need none, and a function's start would wait for a client: the first reading makes it.
#[derive(Debug)]
pub struct ManagedSecret {
    aws: Aws,
    /// Its name or ARN.
    id: String,
    client: OnceLock<Client>,
}

impl ManagedSecret {
    pub(crate) fn new(aws: Aws, id: String) -> Self {
        Self { aws, id, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            Client::from_conf(Builder::from(&self.aws.config).interceptor(PlainRequests).build())
        })
    }
}

impl Secrets for ManagedSecret {
    fn read(&self) -> BoxFuture<'_, Result<SecretText, SecretError>> {
        Box::pin(async move {
            let read = self.client().get_secret_value().secret_id(&self.id).send().await;
            let secret = read.map_err(|error| match failed(&error) {
                Failed::Never => SecretError::Refused { source: Box::new(error) },
                Failed::NotNow | Failed::Unknown => {
                    SecretError::Unavailable { source: Box::new(error) }
                }
            })?;
            secret.secret_string.map(SecretText::new).ok_or(SecretError::NoText)
        })
    }
}
