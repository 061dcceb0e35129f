//! `send-notifications`: SQS in; sends mail to users by SES.

use std::sync::Arc;

use domain::trials::{TrialEnding, TrialExpired};
use domain::users::jobs::SendNotifications;
use domain::users::{InvitationAccepted, UserSignedUp};
use domain::{Settings, reactions};
use postroom::{Runtime, Worker};
use postroom_aws::{Aws, Env, logging, run_worker};

/// A worker asks for memory all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let aws = Aws::connect(&mut env);
    // It records nothing that anything follows.
    let ports = aws.ports(&mut env, &[]);
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, SendNotifications::NAME);
    let gate = aws.gate(&mut env, SendNotifications::MAIL);
    let gate = Arc::new(gate.at_most(env.optional_parsed("MAILS_PER_SECOND")));
    let mailer = Arc::new(aws.mailer(&mut env));
    let unsubscribe = env.optional_parsed("UNSUBSCRIBE_URL");
    env.check()?;

    let job = SendNotifications::new(mailer, unsubscribe);
    let runtime = Runtime::new(ports, reactions(&Settings::default())).with_claims(claims);
    let worker = Worker::new(SendNotifications::NAME, runtime, dead_letters)
        .gated_job::<UserSignedUp, _>(job.clone(), gate.clone())
        .gated_job::<InvitationAccepted, _>(job.clone(), gate.clone())
        .gated_job::<TrialEnding, _>(job.clone(), gate.clone())
        .gated_job::<TrialExpired, _>(job, gate);
    run_worker(worker, visibility).await
}
