//! `relay-outbox`: every minute, sends the outbox rows that are due and were not sent.

use domain::{Settings, reactions};
use postroom_aws::{Aws, Env, logging, run_relay};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let aws = Aws::connect(&mut env);
    let courier = aws.courier(&mut env, &reactions(&Settings::default()).queues());
    env.check()?;

    run_relay(courier).await
}
