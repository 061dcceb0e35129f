//! `api`: HTTP request in, command or query, reply out.

mod app;
mod exchange;
mod deadline;
mod chain;
mod caller;
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
use postroom::Runtime;
use postroom_aws::{Aws, Env, logging};

use crate::app::{App, router};
use crate::caller::ClaimNames;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let settings = Settings { plan_live_campaigns: env.parsed("PLAN_LIVE_CAMPAIGNS") };
    let claims =
        ClaimNames { tenant: env.text("TENANT_CLAIM"), subject: env.text("SUBJECT_CLAIM") };
    let reactions = reactions(&settings);
    let ports = Aws::connect(&mut env).ports(&mut env, &reactions.queues());
    env.check()?;

    lambda_http::run(router(App::new(Runtime::new(ports, reactions), claims))).await
}
