//! The whole system: started in order, stopped in reverse.

mod env_file;
mod launch;
mod services;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use postroom_aws::EnvError;
use tokio::net::TcpListener;

use crate::aws::{AwsError, Killer as _};
use crate::binaries::{Binaries, BuildError, workspace_root};
use crate::chains::Chains;
use crate::gateway::{Authentication, Gateway, GatewayError};
use crate::lambda::{Host, HostError, Invoke, InvokeError, Log, Processes, Response};
use crate::mapping::Mappings;
use crate::provider::ProviderError;
use crate::schedules::{FireError, Schedules};
use crate::server;
use crate::sns::SnsError;
use crate::sqs::{Sqs, SqsError};
use crate::template::{Stack, Template, TemplateError};
use services::Services;

/// What to start, and where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port of the gateway; 0 takes any free one, as for the other ports.
    pub api_port: u16,
    pub aws_port: u16,
    pub provider_port: u16,
    /// Where to write the functions' environment, for those who start them elsewhere.
    pub env_file: Option<PathBuf>,
    /// Where tables are kept across restarts; without it every system is fresh.
    pub data: Option<PathBuf>,
    pub authentication: Authentication,
    pub output: Output,
    /// The template; the workspace's own if there is none.
    pub template: Option<PathBuf>,
    /// Values in place of the template parameters' defaults.
    pub parameters: BTreeMap<String, String>,
    /// The functions' programs; built with cargo if there are none.
    pub binaries: Option<Binaries>,
}

/// Where the output of the functions goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// To standard error, line by line with the function's name.
    #[default]
    Shown,
    /// Into memory, for [`System::output`].
    Kept,
}

/// Why the system could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the template cannot be used")]
    Template(#[from] TemplateError),
    #[error("the functions cannot be built")]
    Build(#[from] BuildError),
    /// The gateway's port is taken, or not permitted.
    #[error("cannot listen on port {port}; choose another with --api-port (0 takes any free one)")]
    ApiPort {
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("the ad provider cannot be started")]
    Provider(#[from] ProviderError),
    #[error("the AWS endpoint cannot be started")]
    Aws(#[from] AwsError),
    #[error("table {table} cannot be created")]
    Table {
        table: String,
        #[source]
        source: AwsError,
    },
    #[error("queue {queue} cannot be created")]
    Queue {
        queue: String,
        #[source]
        source: SqsError,
    },
    #[error("topic {topic} cannot be created")]
    Topic {
        topic: String,
        #[source]
        source: SnsError,
    },
    #[error("the functions' environment cannot be written to {}", path.display())]
    EnvFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the Lambda host cannot be started")]
    Host(#[from] HostError),
    #[error("the gateway cannot be started")]
    Gateway(#[from] GatewayError),
    #[error("chains cannot be read")]
    Chains(#[from] EnvError),
}

/// The running system.
///
/// [`System::stop`] leaves no process behind. Dropping it instead kills them with the last request
/// that is in flight, at the latest with the runtime.
#[derive(Debug)]
pub struct System {
    stack: Stack,
    services: Services,
    host: Host,
    processes: Processes,
    log: Log,
    schedules: Arc<Schedules>,
    mappings: Mappings,
    gateway: Gateway,
}

impl System {
    /// Starts everything; when it returns, the first request finds warm functions.
    ///
    /// # Errors
    /// A [`StartError`]; what was started before it is stopped again.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let root = workspace_root();
        let path = options.template.clone().unwrap_or_else(|| root.join("infra/template.yaml"));
        let template = Template::load(&path)?;
        // Ports first: compiling for a minute to find one taken would be a nuisance.
        let port = options.api_port;
        let listener =
            server::bind(port).await.map_err(|source| StartError::ApiPort { port, source })?;
        let processes = Processes::default();
        let services = Services::start(&options, &processes).await?;

        match Self::start_functions(&options, &template, &root, &services, &processes).await {
            Ok((stack, host, log)) => {
                Self::open(options, stack, services, host, processes, log, listener).await
            }
            Err(error) => {
                services.stop().await;
                Err(error)
            }
        }
    }

    async fn start_functions(
        options: &Options,
        template: &Template,
        root: &Path,
        services: &Services,
        processes: &Processes,
    ) -> Result<(Stack, Host, Log), StartError> {
        let mut parameters = BTreeMap::from([("ProviderUrl".to_owned(), services.provider.url())]);
        parameters.extend(options.parameters.clone());
        let stack = template.resolve(&parameters, &services.aws.url())?;
        if let Some(path) = &options.env_file {
            env_file::write(path, &stack.functions, &services.aws.url())
                .map_err(|source| StartError::EnvFile { path: path.clone(), source })?;
        }
        let binaries = match &options.binaries {
            Some(binaries) => binaries.clone(),
            None => Binaries::build(root).await?,
        };
        let launches = launch::launches(&stack, &binaries, &services.aws.url())?;

        services.create(&stack).await?;
        let log = match options.output {
            Output::Shown => Log::to_stderr(),
            Output::Kept => Log::in_memory(),
        };
        let host = Host::start(launches, processes.clone(), log.clone()).await?;
        for error in host.warm().await {
            // As on AWS, a function that does not start fails its own invocations only.
            tracing::warn!("{error}");
        }
        Ok((stack, host, log))
    }

    async fn open(
        options: Options,
        stack: Stack,
        services: Services,
        host: Host,
        processes: Processes,
        log: Log,
        listener: TcpListener,
    ) -> Result<Self, StartError> {
        let invoke: Arc<dyn Invoke> = Arc::new(host.clone());
        let schedules = Arc::new(Schedules::start(&stack.schedules, &invoke));
        let (auth, for_gateway) = (options.authentication, Arc::clone(&schedules));
        let chains = Chains::behind(&services.aws.url()).map_err(StartError::from);
        let gateway = chains.and_then(|chains| {
            let host = host.clone();
            Ok(Gateway::start(listener, &stack, host, for_gateway, chains, auth)?)
        });
        match gateway {
            Ok(gateway) => {
                let streams = services.aws.streams();
                let mappings = Mappings::start(&stack, &services.sqs, &streams, &invoke);
                Ok(Self { stack, services, host, processes, log, schedules, mappings, gateway })
            }
            Err(error) => {
                schedules.stop().await;
                host.stop().await;
                services.stop().await;
                Err(error)
            }
        }
    }

    /// Where the gateway listens: `http://127.0.0.1:3000`.
    pub fn api_url(&self) -> String {
        self.gateway.url()
    }

    /// Where all AWS services listen: `http://127.0.0.1:4566`.
    pub fn aws_url(&self) -> String {
        self.services.aws.url()
    }

    /// Where the ad provider listens: `http://127.0.0.1:3001`.
    pub fn provider_url(&self) -> String {
        self.services.provider.url()
    }

    /// What the template says, with all values.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The queues.
    pub fn sqs(&self) -> &Sqs {
        &self.services.sqs
    }

    /// What the functions wrote last, if [`Output::Kept`] was asked for.
    pub fn output(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Fires a schedule now and waits for its function.
    ///
    /// # Errors
    /// [`FireError`]
    pub async fn fire(&self, schedule: &str) -> Result<(), FireError> {
        self.schedules.fire(schedule).await
    }

    /// Hands an event to a function, whoever would send it such a one.
    ///
    /// # Errors
    /// [`InvokeError`]: the function did not answer, or answered that it failed.
    pub async fn invoke(&self, function: &str, event: String) -> Result<Response, InvokeError> {
        self.host.invoke(function, Bytes::from(event)).await
    }

    /// Sends SIGKILL to every process of a function; the next event starts another.
    pub fn kill(&self, function: &str) {
        self.processes.kill(function);
    }

    /// Stops everything, in bounded time.
    pub async fn stop(self) {
        // What makes work goes first, then what does it, then what it is done with.
        self.schedules.stop().await;
        self.mappings.stop().await;
        self.host.stop().await;
        self.gateway.stop().await;
        self.services.stop().await;
    }
}
