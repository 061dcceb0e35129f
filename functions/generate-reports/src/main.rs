//! `generate-reports`: SQS in; writes reports to files that their owners download.

use std::sync::Arc;

use domain::reports::jobs::GenerateReports;
use domain::reports::{ReportRequested, ReportStarted};
use domain::{Settings, reactions};
use postroom::{Runtime, SystemClock, Worker};
use postroom_aws::{Aws, Env, logging, run_worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let reactions = reactions(&Settings::default());
    let aws = Aws::connect(&mut env);
    // What it has taken up, which it sends to itself.
    let ports = aws.ports(&mut env, &[GenerateReports::NAME]);
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, GenerateReports::NAME);
    let objects = Arc::new(aws.objects(&mut env));
    env.check()?;

    let work = GenerateReports::new(objects, Arc::new(SystemClock));
    let runtime = Runtime::new(ports, reactions).with_claims(claims);
    let worker = Worker::new(GenerateReports::NAME, runtime, dead_letters)
        .listener::<ReportRequested, _>(work.clone())
        .job::<ReportStarted, _>(work);
    run_worker(worker, visibility).await
}
