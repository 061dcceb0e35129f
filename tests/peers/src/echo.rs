//! The least a Lambda function in Rust can be: it answers what it was sent.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let echo = |event: LambdaEvent<Value>| async move { Ok::<Value, Error>(event.payload) };
    lambda_runtime::run(service_fn(echo)).await
}
