//! `run-trials`: SQS in; reminds users of trials that end soon, and ends those whose time is up.

use std::sync::Arc;

use domain::trials::jobs::RunTrials;
use domain::trials::{TrialEnding, TrialExpired, TrialTimeout};
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
    let queues =
        [TrialEnding::TYPE, TrialExpired::TYPE].map(|told| reactions.queued(told)).concat();
    let ports = aws.ports(&mut env, &queues);
    let topic = Arc::new(aws.topic(&mut env));
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, RunTrials::NAME);
    env.check()?;

    let runtime = Runtime::new(ports, reactions).with_claims(claims).with_topic(topic);
    let worker =
        Worker::new(RunTrials::NAME, runtime, dead_letters).job::<TrialTimeout, _>(RunTrials);
    run_worker(worker, visibility).await
}
