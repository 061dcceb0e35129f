//! `sync-statistics`: SQS in; pulls a campaign's statistics from the ad provider.

use std::sync::Arc;

use ad_provider::{BaseUrl, HttpAdProvider};
use domain::campaigns::CampaignPublished;
use domain::statistics::jobs::SyncStatistics;
use domain::statistics::{StatisticsDue, StatisticsSynced};
use domain::{Settings, reactions};
use postroom::{Message, Runtime, SystemClock, Worker};
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
    let ports = aws.ports(&mut env, reactions.queued(StatisticsSynced::TYPE));
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, SyncStatistics::NAME);
    let gate = aws.gate(&mut env, domain::ad_provider::NAME);
    let gate = Arc::new(gate.at_most(env.optional_parsed("PROVIDER_CALLS_PER_SECOND")));
    let provider_url = env.text("PROVIDER_URL");
    env.check()?;

    let provider_url: BaseUrl = provider_url.parse()?;
    let job =
        SyncStatistics::new(Arc::new(HttpAdProvider::new(provider_url, Arc::new(SystemClock))));
    let runtime = Runtime::new(ports, reactions).with_claims(claims);
    let worker = Worker::new(SyncStatistics::NAME, runtime, dead_letters)
        .gated_job::<CampaignPublished, _>(job.clone(), gate.clone())
        .gated_job::<StatisticsDue, _>(job, gate);
    run_worker(worker, visibility).await
}
