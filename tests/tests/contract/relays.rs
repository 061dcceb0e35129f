//! The relay on the adapters of AWS, by the machine's clock.

use std::time::Duration;

use postroom::{Clock, SystemClock};
use postroom_aws::{RelayError, handle_relay};
use serde_json::json;

use crate::endpoint::Endpoint;

#[tokio::test]
async fn a_run_that_takes_too_long_is_given_up_before_its_invocation_ends() {
    let mut endpoint = Endpoint::with_queues(&["charge-card"]).await;
    let courier = endpoint.aws.courier(&mut endpoint.env, &["charge-card"]);
    endpoint.fault("dynamodb.Query", 100, json!({"delay_ms": 60_000})).await;
    let deadline = SystemClock.now() + Duration::from_secs(3);
    let deadline_ms = u64::try_from(deadline.as_millisecond()).unwrap();

    let late = handle_relay(&courier, deadline_ms).await;

    assert!(matches!(late, Err(RelayError::OutOfTime)), "{late:?}");
    assert!(SystemClock.now() < deadline);
}
