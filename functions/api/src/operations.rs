//! What operators work with, and who is one.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postroom::port::{Depths, Journal, LetterFile, Outbox};
use postroom::{DeadLetterOffice, Origin, Rebuilds, Replays, Runtime};
use postroom_aws::{Aws, Env};

use crate::app::App;
use crate::caller::{Caller, claim};
use crate::kind::Kind;
use crate::problem::Problem;

/// The right to operate the system: all of it, whatever tenant the token names.
const RIGHT: &str = "ops";

/// What operators see and decide about. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) office: DeadLetterOffice,
    pub(crate) letters: Arc<dyn LetterFile>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) depths: Arc<dyn Depths>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) rebuilds: Rebuilds,
    pub(crate) replays: Replays,
}

impl Operations {
    pub(crate) fn new(
        runtime: &Runtime,
        letters: Arc<dyn LetterFile>,
        journal: Arc<dyn Journal>,
        depths: Arc<dyn Depths>,
        outbox: Arc<dyn Outbox>,
    ) -> Self {
        let office = DeadLetterOffice::new(runtime.clone(), Arc::clone(&letters));
        let rebuilds = Rebuilds::new(runtime.clone(), domain::projections().names());
        let replays = Replays::new(runtime.clone());
        Self { office, letters, journal, depths, outbox, rebuilds, replays }
    }

    /// Over the tables that the environment names, and the queues of these handlers.
    pub(crate) fn on_aws(aws: &Aws, env: &mut Env, runtime: &Runtime, handlers: &[&str]) -> Self {
        let (letters, journal) = (Arc::new(aws.dead_letters(env)), Arc::new(aws.journal(env)));
        let depths = Arc::new(aws.queue_depths(env, handlers));
        Self::new(runtime, letters, journal, depths, Arc::new(aws.outbox(env)))
    }
}

/// A caller who may operate the system; anybody else's request ends here with 403.
pub(crate) struct Operator {
    /// What the operator's command would be: its id is fresh.
    pub(crate) origin: Origin,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Caller { origin } = Caller::from_request_parts(parts, app).await?;
        let rights = claim(parts, &app.claims.scope).unwrap_or_default();
        if rights_in(rights).any(|right| right == RIGHT) {
            return Ok(Self { origin });
        }
        Err(Problem::new(Kind::FORBIDDEN).detail(format!("it needs the right `{RIGHT}`")))
    }
}

/// Rights as a claim spells them: `ops billing`, or, of a claim that was a list, `[ops billing]`.
fn rights_in(claim: &str) -> impl Iterator<Item = &str> {
    let listed = claim.strip_prefix('[').and_then(|claim| claim.strip_suffix(']'));
    listed.unwrap_or(claim).split([' ', ',']).filter(|right| !right.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_from_texts_and_lists() {
        for (claim, rights) in [
            ("ops", vec!["ops"]),
            ("billing ops", vec!["billing", "ops"]),
            ("[ops billing]", vec!["ops", "billing"]),
            ("[ops, billing]", vec!["ops", "billing"]),
            ("[]", vec![]),
            ("", vec![]),
            ("devops", vec!["devops"]),
        ] {
            assert_eq!(rights_in(claim).collect::<Vec<_>>(), rights, "{claim}");
        }
    }
}
