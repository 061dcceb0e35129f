//! `api`: HTTP request in, command or query, reply out.

mod app;
mod exchange;
mod trace;
mod caller;
mod operations;
mod order;
mod body;
mod page;
mod route;
mod routes;
mod openapi;
mod done;
mod problem;
mod kind;
#[cfg(test)]
mod tests;

use domain::{Settings, reactions};
use postroom_aws::{Aws, Env, logging};

use crate::app::{App, router};
use crate::caller::ClaimNames;
use crate::operations::Operations;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let plan_live_campaigns = env.parsed("PLAN_LIVE_CAMPAIGNS");
    let trial_terms = env.parsed("TRIAL_TERMS");
    let reactions = reactions(&Settings { plan_live_campaigns, trial_terms });
    let (queues, aws) = (reactions.queues(), Aws::connect(&mut env));
    let (claims, secrets) = (ClaimNames::of_env(&mut env), aws.secret(&mut env, "WEBHOOK_SECRETS"));
    let (runtime, permits) = (aws.runtime(&mut env, reactions), aws.permits(&mut env));
    let operations = Operations::on_aws(&aws, &mut env, &runtime, &queues);
    env.check()?;
    lambda_http::run(router(App::new(runtime, operations, permits, secrets, claims))).await
}
