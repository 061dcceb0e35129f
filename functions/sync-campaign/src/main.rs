//! `sync-campaign`: SQS FIFO in; pushes a campaign's state to the ad provider, in order per campaign.

use std::sync::Arc;

use ad_provider::{BaseUrl, HttpAdProvider};
use domain::campaigns::jobs::SyncCampaign;
use domain::campaigns::{CampaignCompleted, CampaignPaused, CampaignPublished, CampaignResumed};
use domain::{Settings, reactions};
use postroom::{Runtime, SystemClock, Worker};
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
    let visibility = aws.visibility(&mut env, SyncCampaign::NAME);
    let gate = aws.gate(&mut env, domain::ad_provider::NAME);
    let gate = Arc::new(gate.at_most(env.optional_parsed("PROVIDER_CALLS_PER_SECOND")));
    let provider_url = env.text("PROVIDER_URL");
    env.check()?;

    let provider_url: BaseUrl = provider_url.parse()?;
    let job = SyncCampaign::new(Arc::new(HttpAdProvider::new(provider_url, Arc::new(SystemClock))));
    let runtime = Runtime::new(ports, reactions(&Settings::default())).with_claims(claims);
    let worker = Worker::new(SyncCampaign::NAME, runtime, dead_letters)
        .gated_job::<CampaignPublished, _>(job.clone(), gate.clone())
        .gated_job::<CampaignPaused, _>(job.clone(), gate.clone())
        .gated_job::<CampaignResumed, _>(job.clone(), gate.clone())
        .gated_job::<CampaignCompleted, _>(job, gate);
    run_worker(worker, visibility).await
}
