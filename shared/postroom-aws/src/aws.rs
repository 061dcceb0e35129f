//! Everything a function stands on, built from its environment.

use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use postroom::{ClaimChecks, Courier, Gate, Ports, Reactions, Runtime, SystemClock, SystemIds};

use crate::breaker::DynamoBreakers;
use crate::build_rows::DynamoBuildRows;
use crate::client::{MAIL_TIMEOUT, opened_each_time, sdk_config};
use crate::dead_letters::DynamoDeadLetters;
use crate::depth::SqsDepths;
use crate::env::Env;
use crate::inbox::DynamoInbox;
use crate::journal::DynamoJournal;
use crate::keys::Tables;
use crate::mailer::SesMailer;
use crate::objects::S3Objects;
use crate::outbox::DynamoOutbox;
use crate::payloads::S3Payloads;
use crate::permits::S3Permits;
use crate::plain_requests::PlainRequests;
use crate::queue::SqsQueue;
use crate::rate::DynamoRates;
use crate::secret::ManagedSecret;
use crate::store::DynamoStore;
use crate::topic::SnsTopic;
use crate::visibility::Visibility;

/// The clients of one process. What is missing in the environment is reported by [`Env::check`].
///
/// Nothing is called while it is built.
#[derive(Debug, Clone)]
pub struct Aws {
    /// For clients that most functions do without.
    pub(crate) config: SdkConfig,
    dynamodb: DynamoClients,
    sqs: Arc<OnceLock<aws_sdk_sqs::Client>>,
}

/// DynamoDB, for calls that may be repeated and for those that only their caller may repeat.
#[derive(Debug, Clone)]
pub struct DynamoClients {
    /// Repeats what failed in passing.
    pub retrying: aws_sdk_dynamodb::Client,
    /// Sends once: a repeated write would not know whether it met its own first effect.
    pub once: aws_sdk_dynamodb::Client,
}

impl DynamoClients {
    /// Both clients of one configuration. They share its HTTP client, and so their connections.
    pub fn new(config: &SdkConfig) -> Self {
        let retrying =
            aws_sdk_dynamodb::config::Builder::from(config).interceptor(PlainRequests).build();
        let once = retrying.to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            retrying: aws_sdk_dynamodb::Client::from_conf(retrying),
            once: aws_sdk_dynamodb::Client::from_conf(once),
        }
    }
}

impl Aws {
    /// Reads `AWS_REGION`, the credentials and, if it is there, `AWS_ENDPOINT_URL`.
    pub fn connect(env: &mut Env) -> Self {
        let config = sdk_config(env);
        let dynamodb = DynamoClients::new(&config);
        Self { config, dynamodb, sqs: Arc::default() }
    }

    /// What a runtime stands on. Reads the four tables of a transaction, and a queue URL for each handler.
    pub fn ports(&self, env: &mut Env, handlers: &[&str]) -> Ports {
        let tables = Tables::of_env(env);
        let inbox = DynamoInbox::new(self.dynamodb.clone(), tables.inbox.clone());
        let journal = DynamoJournal::new(self.dynamodb.retrying.clone(), tables.journal.clone());
        Ports {
            store: Arc::new(DynamoStore::new(self.dynamodb.clone(), tables)),
            journal: Arc::new(journal),
            inbox: Arc::new(inbox),
            courier: self.courier(env, handlers),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }

    /// A runtime for whatever a table has. Reads what [`ports`](Self::ports) of all its queues read, `OBJECTS_BUCKET`, and
    /// `EVENTS_TOPIC_ARN` if it publishes anything.
    pub fn runtime(&self, env: &mut Env, reactions: Reactions) -> Runtime {
        let (ports, checks) = (self.ports(env, &reactions.queues()), self.claims(env));
        let topic = reactions.publishes().then(|| Arc::new(self.topic(env)));
        let runtime = Runtime::new(ports, reactions).with_claims(checks);
        match topic {
            Some(topic) => runtime.with_topic(topic),
            None => runtime,
        }
    }

    /// From the outbox to the queues. Reads `OUTBOX_TABLE`, and a queue URL for each handler.
    pub fn courier(&self, env: &mut Env, handlers: &[&str]) -> Courier {
        let (outbox, queue) = (self.outbox(env), self.queue(env, handlers));
        Courier::new(Arc::new(outbox), Arc::new(queue), Arc::new(SystemClock))
    }

    /// Messages to be sent. Reads `OUTBOX_TABLE`.
    pub fn outbox(&self, env: &mut Env) -> DynamoOutbox {
        DynamoOutbox::new(self.dynamodb.retrying.clone(), env.text("OUTBOX_TABLE"))
    }

    /// Queues of handlers. Reads a queue URL for each.
    pub fn queue(&self, env: &mut Env, handlers: &[&str]) -> SqsQueue {
        let urls = handlers.iter().map(|handler| ((*handler).to_owned(), env.queue_url(handler)));
        SqsQueue::new(self.clone(), urls.collect())
    }

    /// The topic that events are published to, by a client that the first of them makes. Reads `EVENTS_TOPIC_ARN`.
    pub fn topic(&self, env: &mut Env) -> SnsTopic {
        SnsTopic::new(self.clone(), env.text("EVENTS_TOPIC_ARN"))
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        let config =
            aws_sdk_sns::config::Builder::from(&self.config).interceptor(PlainRequests).build();
        aws_sdk_sns::Client::from_conf(config)
    }

    /// One client for all that have to do with queues: the first of their calls makes it.
    pub(crate) fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| {
            let config = aws_sdk_sqs::config::Builder::from(&self.config);
            aws_sdk_sqs::Client::from_conf(config.interceptor(PlainRequests).build())
        })
    }

    /// How much is in the queues of handlers. Reads a queue URL for each.
    pub fn queue_depths(&self, env: &mut Env, handlers: &[&str]) -> SqsDepths {
        let urls = handlers.iter().map(|handler| ((*handler).to_owned(), env.queue_url(handler)));
        SqsDepths::of_handlers(self.clone(), urls.collect())
    }

    /// How much is in the queues whose names begin so.
    pub fn stack_depths(&self, prefix: &str) -> SqsDepths {
        SqsDepths::of_stack(self.clone(), prefix.to_owned())
    }

    /// Objects, and permissions to put and to read some. Reads `OBJECTS_BUCKET`.
    ///
    /// Makes a client, which others then do without: S3's costs a function's start more than the two others together.
    pub fn objects(&self, env: &mut Env) -> S3Objects {
        self.objects_in(env.text("OBJECTS_BUCKET"))
    }

    /// Permissions to put and to read objects, of a client that the first of them makes. Reads `OBJECTS_BUCKET`.
    pub fn permits(&self, env: &mut Env) -> S3Permits {
        S3Permits::new(self.clone(), env.text("OBJECTS_BUCKET"))
    }

    /// Where payloads go that are too large to travel, by a client that the first of them makes. Reads `OBJECTS_BUCKET`.
    pub fn claims(&self, env: &mut Env) -> ClaimChecks {
        let bucket = env.text("OBJECTS_BUCKET");
        let payloads = S3Payloads::new(self.clone(), bucket.clone());
        ClaimChecks::new(bucket, Arc::new(payloads))
    }

    /// The secret whose name or ARN a variable has, by a client that its first reading makes.
    pub fn secret(&self, env: &mut Env, variable: &str) -> ManagedSecret {
        ManagedSecret::new(self.clone(), env.text(variable))
    }

    pub(crate) fn objects_in(&self, bucket: String) -> S3Objects {
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .interceptor(PlainRequests)
            // TLS and the `ETag` tell damage; by default each put would be read once more for it.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // An endpoint of one's own need not have a name for each bucket.
            .force_path_style(self.config.endpoint_url().is_some())
            .build();
        S3Objects::new(aws_sdk_s3::Client::from_conf(config), bucket)
    }

    /// Events. Reads `JOURNAL_TABLE`.
    pub fn journal(&self, env: &mut Env) -> DynamoJournal {
        DynamoJournal::new(self.dynamodb.retrying.clone(), env.text("JOURNAL_TABLE"))
    }

    /// Rows of earlier builds of read models. Reads `STATE_TABLE`.
    pub fn build_rows(&self, env: &mut Env) -> DynamoBuildRows {
        DynamoBuildRows::new(self.dynamodb.retrying.clone(), env.text("STATE_TABLE"))
    }

    /// Runs. Reads `INBOX_TABLE`.
    pub fn inbox(&self, env: &mut Env) -> DynamoInbox {
        DynamoInbox::new(self.dynamodb.clone(), env.text("INBOX_TABLE"))
    }

    /// Messages that failed for good. Reads `DEAD_LETTERS_TABLE`.
    pub fn dead_letters(&self, env: &mut Env) -> DynamoDeadLetters {
        DynamoDeadLetters::new(self.dynamodb.retrying.clone(), env.text("DEAD_LETTERS_TABLE"))
    }

    /// Breakers of outside services. Reads `INBOX_TABLE`.
    pub fn breakers(&self, env: &mut Env) -> DynamoBreakers {
        DynamoBreakers::new(self.dynamodb.clone(), env.text("INBOX_TABLE"))
    }

    /// Rates of outside services. Reads `INBOX_TABLE`.
    pub fn rates(&self, env: &mut Env) -> DynamoRates {
        DynamoRates::new(self.dynamodb.clone(), env.text("INBOX_TABLE"))
    }

    /// The gate of an outside service, shared by all who name it so. Reads `INBOX_TABLE`.
    pub fn gate(&self, env: &mut Env, provider: &'static str) -> Gate {
        Gate::new(provider, Arc::new(self.breakers(env)), Arc::new(self.rates(env)))
    }

    /// Mail, of a client that the first of it makes. Reads `MAIL_SENDER`, whom it comes from.
    pub fn mailer(&self, env: &mut Env) -> SesMailer {
        SesMailer::new(self.clone(), env.text("MAIL_SENDER"))
    }

    /// SES, for calls none of which is repeated: a repeat might be a second mail.
    pub(crate) fn ses_once(&self) -> aws_sdk_sesv2::Client {
        let timeouts = self.config.timeout_config();
        let timeouts = timeouts.map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .interceptor(PlainRequests)
            .http_client(opened_each_time(self.config.endpoint_url()))
            .timeout_config(timeouts.operation_attempt_timeout(MAIL_TIMEOUT).build())
            .retry_config(RetryConfig::disabled())
            .build();
        aws_sdk_sesv2::Client::from_conf(config)
    }

    /// When messages of a handler's queue come back. Reads the queue's URL.
    pub fn visibility(&self, env: &mut Env, handler: &str) -> Visibility {
        Visibility::new(self.clone(), env.queue_url(handler))
    }
}
