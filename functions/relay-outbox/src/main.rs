//! `relay-outbox`: every minute, sends and publishes the outbox rows that are due and were not.

use std::sync::Arc;

use domain::{Settings, reactions};
use postroom_aws::{Aws, Env, logging, run_relay};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let aws = Aws::connect(&mut env);
    let courier = aws.courier(&mut env, &reactions(&Settings::default()).queues());
    let courier = courier.with_topic(Arc::new(aws.topic(&mut env)));
    env.check()?;

    run_relay(courier).await
}
