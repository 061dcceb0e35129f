//! The endpoint's life: it starts with its port and its database, and stops in bounded time.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;

use super::Killer;
use super::connections::Connections;
use super::dispatch::{Dispatcher, Services};
use super::dynamodb::{DynamoDb, DynamoDbClient, Refused};
use super::streams::Streams;
use crate::s3::{S3, S3Error};
use crate::secrets::Secrets;
use crate::ses::{Mailbox, Ses};
use crate::sns::{Sns, SnsError};
use crate::sqs::Sqs;
use crate::template::{Bucket, Secret, Topic};

/// How to start the endpoint. The default is any free port and nothing kept.
#[derive(Debug, Clone, Default)]
pub struct AwsOptions {
    /// 0 takes any free port.
    pub port: u16,
    /// Where tables, objects and messages are kept across restarts; `None` forgets them. All are written as they change: what was
    /// answered outlives a kill.
    pub data: Option<PathBuf>,
    /// Where mail arrives. It is not kept.
    pub mailbox: Mailbox,
}

/// Why the endpoint did not start, or did not do what its owner asked.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// Another program listens there.
    #[error("port {port} is taken; choose another with {option}")]
    PortTaken { port: u16, option: &'static str },
    /// The port cannot be used for another reason.
    #[error("cannot listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        source: io::Error,
    },
    /// The tables' directory cannot be made.
    #[error("cannot keep data in {}", path.display())]
    Data {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The messages of the run before cannot be read.
    #[error("cannot read the messages kept in {}", path.display())]
    Messages {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secrets of the run before cannot be read.
    #[error("cannot read the secrets that are kept")]
    Secrets(#[source] io::Error),
    /// The buckets cannot be kept.
    #[error("cannot keep buckets")]
    Buckets(#[from] S3Error),
    /// The embedded DynamoDB did not start.
    #[error("cannot start the embedded DynamoDB: {reason}")]
    Database { reason: String },
    /// The embedded DynamoDB did not answer.
    #[error("the embedded DynamoDB did not answer {operation}")]
    Unanswered {
        operation: &'static str,
        #[source]
        source: reqwest::Error,
    },
    /// The embedded DynamoDB refused a request of the local system itself.
    #[error("the embedded DynamoDB refused {operation}: {code}: {message}")]
    Refused { operation: &'static str, code: String, message: String },
}

/// The running endpoint. Dropping it stops it at once; [`AwsEndpoint::stop`] lets requests finish.
pub struct AwsEndpoint {
    address: SocketAddr,
    connections: Connections,
    database: DynamoDb,
    client: DynamoDbClient,
    sqs: Sqs,
    sns: Sns,
    secrets: Secrets,
    s3: S3,
}

impl AwsEndpoint {
    /// Starts the endpoint on the loopback address.
    ///
    /// # Errors
    ///
    /// The port is taken, or the database cannot be opened.
    pub async fn start(
        options: AwsOptions,
        sqs: Sqs,
        killer: Arc<dyn Killer>,
    ) -> Result<Self, AwsError> {
        let port = options.port;
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => AwsError::PortTaken { port, option: "--aws-port" },
            _ => AwsError::Listen { port, source },
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let database = DynamoDb::start(options.data.as_deref()).await?;
        let s3 = S3::start(options.data.as_deref(), sqs.clone())?;
        let secrets = Secrets::open(options.data.as_deref()).map_err(AwsError::Secrets)?;
        if let Some(path) = options.data {
            let kept = sqs.keep_in(&path);
            kept.map_err(|source| AwsError::Messages { path, source: Box::new(source) })?;
        }
        let (client, sns) = (database.client(), Sns::new(sqs.clone()));
        let services = Services {
            sqs: sqs.clone(),
            sns: sns.clone(),
            ses: Ses::new(options.mailbox),
            secrets: secrets.clone(),
            s3: s3.service(),
            dynamodb: client.clone(),
        };
        let dispatcher = Dispatcher::new(url(address), services, killer);
        let connections = Connections::accept(listener, Arc::new(dispatcher));
        Ok(Self { address, connections, database, client, sqs, sns, secrets, s3 })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Creates a table from a `CreateTable` request, uncounted and past all faults. A table of that
    /// name is left as it is: kept data is not a conflict.
    ///
    /// # Errors
    ///
    /// The database refused the request or did not answer.
    pub async fn create_table(&self, request: Value) -> Result<(), AwsError> {
        match self.client.call("CreateTable", &request).await? {
            Err(refused) if refused.code != "ResourceInUseException" => Err(refused.into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Turns on a table's time to live from an `UpdateTimeToLive` request, uncounted and past all
    /// faults. Turning it on again changes nothing.
    ///
    /// # Errors
    ///
    /// The database refused the request or did not answer.
    pub async fn update_time_to_live(&self, request: Value) -> Result<(), AwsError> {
        match self.client.call("UpdateTimeToLive", &request).await? {
            Err(refused) if !refused.message.contains("already enabled") => Err(refused.into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Creates a bucket; one of kept data is left as it is. The queues that it tells have to be there.
    ///
    /// # Errors
    ///
    /// Its folder cannot be made or read.
    pub fn create_bucket(&self, bucket: &Bucket) -> Result<(), AwsError> {
        Ok(self.s3.create_bucket(bucket)?)
    }

    /// Creates a topic and subscribes its queues; the same again changes nothing.
    ///
    /// # Errors
    ///
    /// One of its names or attributes is none that SNS has here.
    pub fn create_topic(&self, topic: &Topic) -> Result<(), SnsError> {
        self.sns.create_topic(topic)
    }

    /// Creates a secret; one of kept data is left as it is.
    pub fn create_secret(&self, secret: &Secret) {
        self.secrets.create(secret);
    }

    /// The streams of the tables.
    pub(crate) fn streams(&self) -> Streams {
        Streams::new(self.client.clone())
    }

    /// Stops taking requests, lets those under way finish for a moment, and stops the database.
    /// With a data directory, the messages in the queues are written down as they stand last.
    pub async fn stop(self) {
        self.connections.stop().await;
        drop(self.client);
        self.database.stop().await;
        self.sqs.save();
    }
}

impl fmt::Debug for AwsEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsEndpoint").field("address", &self.address).finish_non_exhaustive()
    }
}

impl From<Refused> for AwsError {
    fn from(refused: Refused) -> Self {
        let Refused { operation, code, message } = refused;
        Self::Refused { operation, code, message }
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
