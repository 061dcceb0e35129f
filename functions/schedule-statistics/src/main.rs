//! `schedule-statistics`: every 15 minutes, one task per live campaign to the queue of `sync-statistics`.

use domain::statistics::{ScheduleStatistics, StatisticsDue};
use domain::{Settings, reactions};
use postroom::{Message, Runtime};
use postroom_aws::{Aws, Env, logging, run_schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let reactions = reactions(&Settings::default());
    let aws = Aws::connect(&mut env);
    let ports = aws.ports(&mut env, reactions.queued(StatisticsDue::TYPE));
    env.check()?;

    let runtime = Runtime::new(ports, reactions);
    run_schedule(runtime, ScheduleStatistics, ScheduleStatistics::EVERY).await
}
