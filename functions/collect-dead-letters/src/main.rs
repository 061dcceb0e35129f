//! `collect-dead-letters`: every queue's dead-letter queue in; what it holds goes to the dead letters.

use std::sync::Arc;

use domain::contact_imports::UploadedFile;
use domain::{Settings, reactions};
use postroom::{Collector, Runtime};
use postroom_aws::{Aws, Env, ObjectNotices, logging, run_collector};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let reactions = reactions(&Settings::default());
    let aws = Aws::connect(&mut env);
    // What follows from giving a message up is left to the relay.
    let ports = aws.ports(&mut env, &[]);
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let notices = ObjectNotices::of(env.text("OBJECTS_BUCKET"), UploadedFile::owner_of);
    env.check()?;

    let queues = reactions.queues();
    let runtime = Runtime::new(ports, reactions).with_claims(claims);
    let collector = Collector::new(runtime, dead_letters);
    run_collector(collector, queues, Some(notices)).await
}
