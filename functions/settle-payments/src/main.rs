//! `settle-payments`: SQS in; books in the ledger what webhooks tell of payments.

use std::sync::Arc;

use domain::ledger::{MoneyDeposited, MoneyWithdrawn};
use domain::payments::SettlePayments;
use domain::webhooks::WebhookReceived;
use domain::{Settings, reactions};
use postroom::{Message, Runtime, Worker};
use postroom_aws::{Aws, Env, logging, run_worker};

/// A worker asks for memory all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let reactions = reactions(&Settings::default());
    let aws = Aws::connect(&mut env);
    let queues = [MoneyDeposited::TYPE, MoneyWithdrawn::TYPE]
        .map(|booked| reactions.queued(booked))
        .concat();
    let ports = aws.ports(&mut env, &queues);
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, SettlePayments::NAME);
    env.check()?;

    let runtime = Runtime::new(ports, reactions).with_claims(claims);
    let worker = Worker::new(SettlePayments::NAME, runtime, dead_letters)
        .listener::<WebhookReceived, _>(SettlePayments);
    run_worker(worker, visibility).await
}
