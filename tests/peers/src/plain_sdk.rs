//! A function as the SDK's guides write it: everything that `aws-config` looks for, and the machine's certificates.
//!
//! Its TLS library is ours, not the SDK's default, so that what differs is the configuration alone.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::{Builder, tls};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = Builder::new().tls_provider(ring).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let client = &Client::new(&config);

    let read = move |event: LambdaEvent<HashMap<String, String>>| async move {
        let key = event.payload.into_iter().map(|(name, id)| (name, AttributeValue::S(id)));
        let get = client.get_item().table_name("state").set_key(Some(key.collect()));
        let found = get.send().await?.item.map(serde_dynamo::from_item).transpose()?;
        Ok::<Option<Value>, Error>(found)
    };
    lambda_runtime::run(service_fn(read)).await
}
