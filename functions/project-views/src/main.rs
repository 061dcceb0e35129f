//! `project-views`: the journal's stream in; what is read of it goes to the state table, and what is replayed to the outbox.

use std::sync::Arc;

use domain::{PROJECT_VIEWS, Settings, projections, reactions};
use postroom::{Projector, Replays, Runtime};
use postroom_aws::{Aws, Env, logging, run_projector};

/// A worker asks for memory all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let aws = Aws::connect(&mut env);
    // What follows from parking an event is left to the relay, and so is what is replayed.
    let ports = aws.ports(&mut env, &[]);
    let letters = Arc::new(aws.dead_letters(&mut env));
    let (rows, claims) = (aws.build_rows(&mut env), aws.claims(&mut env));
    env.check()?;

    let runtime = Runtime::new(ports, reactions(&Settings::default())).with_claims(claims);
    let projector = Projector::new(PROJECT_VIEWS, runtime.clone(), letters);
    run_projector(projector.projections(projections()), rows, Replays::new(runtime)).await
}
