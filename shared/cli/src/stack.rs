//! The stack that is meant: its tables by its name, through the operator's own credentials.

use std::sync::Arc;

use anyhow::Context as _;
use postroom::port::{Journal, LetterFile};
use postroom::{DeadLetterOffice, Ids, Origin, Rebuilds, Replays, Runtime, SystemIds, Verifier};
use postroom_aws::{Aws, DynamoOutbox, Env};

use crate::arguments::{Arguments, UsageError};
use crate::failure::Failure;

/// Whose command a decision made here is: no tenant's.
const OPERATORS: &str = "operators";

/// What the verbs work with.
pub(crate) struct Stack {
    pub(crate) name: String,
    /// For people: which stack, and where.
    pub(crate) place: String,
    /// Whether it is at an endpoint of its own, as the local system is.
    pub(crate) is_elsewhere: bool,
    pub(crate) aws: Aws,
    pub(crate) runtime: Runtime,
    pub(crate) office: DeadLetterOffice,
    pub(crate) letters: Arc<dyn LetterFile>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) outbox: DynamoOutbox,
    pub(crate) rebuilds: Rebuilds,
    pub(crate) replays: Replays,
    pub(crate) verifier: Verifier,
    by: Option<String>,
}

impl Stack {
    /// The stack of the command line. Nothing is called yet.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let mut own = Env::of_process();
        let endpoint = arguments.text("--endpoint").map(str::to_owned);
        let endpoint = endpoint.or_else(|| own.optional("AWS_ENDPOINT_URL"));
        let local = endpoint.as_ref().map(|_| "local");
        let name = arguments.text("--stack").or(local);
        let name = name.ok_or(UsageError::OnAws { option: "--stack" })?.to_owned();
        let mut env = environment(arguments, &mut own, &name, endpoint.clone());
        let region = env.optional("AWS_REGION").unwrap_or_default();
        let place = format!("stack {name} at {}", endpoint.as_ref().unwrap_or(&region));
        let aws = Aws::connect(&mut env);
        // Without queues: what is redriven is left to the relay, and needs no right to send.
        let ports = aws.ports(&mut env, &[]);
        let letters: Arc<dyn LetterFile> = Arc::new(aws.dead_letters(&mut env));
        let (journal, outbox) = (Arc::new(aws.journal(&mut env)), aws.outbox(&mut env));
        env.check().context("credentials and region come from the environment, see --help")?;
        let runtime = Runtime::new(ports, domain::reactions(&domain::Settings::default()));
        let office = DeadLetterOffice::new(runtime.clone(), Arc::clone(&letters));
        let projections = domain::projections();
        let rebuilds = Rebuilds::new(runtime.clone(), projections.names());
        let replays = Replays::new(runtime.clone());
        let verifier = Verifier::new(runtime.clone(), projections);
        let by = arguments.text("--by").map(str::to_owned).or_else(|| own.optional("USER"));
        let is_elsewhere = endpoint.is_some();
        Ok(Self {
            name,
            place,
            is_elsewhere,
            aws,
            runtime,
            office,
            letters,
            journal,
            outbox,
            rebuilds,
            replays,
            verifier,
            by,
        })
    }

    /// The office for a decision, or for the dry run of one.
    pub(crate) fn office(&self, arguments: &Arguments) -> DeadLetterOffice {
        if arguments.has("--dry-run") { self.office.rehearsal() } else { self.office.clone() }
    }

    /// A command of whoever runs this program.
    pub(crate) fn origin(&self) -> anyhow::Result<Origin> {
        let command_id = SystemIds.fresh();
        Ok(Origin {
            command_id: command_id.into(),
            tenant_id: OPERATORS.parse()?,
            actor_id: self.by.as_deref().and_then(|by| by.parse().ok()),
            correlation_id: command_id.to_string().parse()?,
            traceparent: None,
            idempotency: None,
        })
    }
}

/// The environment as a function of the stack would have it.
fn environment(arguments: &Arguments, own: &mut Env, stack: &str, endpoint: Option<String>) -> Env {
    let tables = ["journal", "state", "outbox", "inbox", "dead-letters"].map(|table| {
        let variable = format!("{}_TABLE", table.to_uppercase().replace('-', "_"));
        (variable, format!("{stack}-{table}"))
    });
    let mut given = |variable: &str| own.optional(variable);
    // The local system takes any credentials, and asks for none of one's own.
    let any = endpoint.as_ref().map(|_| "postroom".to_owned());
    let region = arguments.text("--region").map(str::to_owned).or_else(|| given("AWS_REGION"));
    let region = region.or_else(|| given("AWS_DEFAULT_REGION"));
    let region = region.or_else(|| any.as_ref().map(|_| "us-east-1".to_owned()));
    let variables = [
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", given("AWS_ACCESS_KEY_ID").or_else(|| any.clone())),
        ("AWS_SECRET_ACCESS_KEY", given("AWS_SECRET_ACCESS_KEY").or(any)),
        ("AWS_SESSION_TOKEN", given("AWS_SESSION_TOKEN")),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    let variables =
        variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Env::of(variables.chain(tables))
}
