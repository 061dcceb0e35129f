//! The kit's ports on DynamoDB, SQS, SNS, S3, SES and Secrets Manager, and the shapes in which Lambda calls a function.
//!
//! Start with [`keys`]: every table, key and item, byte for byte. [`Aws`] builds the adapters from the environment;
//! [`run_worker`], [`run_relay`] and [`run_schedule`] run a function for as long as its process lives:
//!
//! ```no_run
//! use std::sync::Arc;
//! use postroom::{Reactions, Runtime, Worker};
//! use postroom_aws::{Aws, Env, logging, run_worker};
//!
//! # async fn function(reactions: Reactions) -> Result<(), lambda_runtime::Error> {
//! let mut env = Env::of_process();
//! logging::start(&mut env);
//! let aws = Aws::connect(&mut env);
//! let ports = aws.ports(&mut env, &reactions.queues());
//! let dead_letters = aws.dead_letters(&mut env);
//! let visibility = aws.visibility(&mut env, "charge-card");
//! env.check()?;
//!
//! let worker = Worker::new("charge-card", Runtime::new(ports, reactions), Arc::new(dead_letters));
//! run_worker(worker, visibility).await
//! # }
//! ```

pub mod keys;
pub mod logging;
mod metrics;

mod env;
mod client;
mod plain_requests;
mod attributes;
mod change;
mod classify;
mod pages;
mod removal;
mod store;
mod build_rows;
mod journal;
mod inbox;
mod outbox;
mod dead_letters;
mod breaker;
mod rate;
mod queue;
mod topic;
mod objects;
mod payloads;
mod permits;
mod secret;
mod mailer;
mod visibility;
mod depth;
mod aws;
mod deadline;
mod notices;
mod notification;
mod worker;
mod collector;
mod relay;
mod schedule;
mod projector;
mod shards;
#[cfg(test)]
mod documented;

pub use aws::{Aws, DynamoClients};
pub use breaker::DynamoBreakers;
pub use build_rows::DynamoBuildRows;
pub use collector::{handle_collection, run_collector};
pub use dead_letters::DynamoDeadLetters;
pub use deadline::deadline_of;
pub use depth::SqsDepths;
pub use env::{Env, EnvError};
pub use inbox::DynamoInbox;
pub use journal::DynamoJournal;
pub use mailer::SesMailer;
pub use notices::ObjectNotices;
pub use objects::S3Objects;
pub use outbox::DynamoOutbox;
pub use payloads::S3Payloads;
pub use permits::S3Permits;
pub use projector::{
    EventError, Tick, TickError, handle_event, handle_stream, handle_tick, run_projector,
};
pub use queue::SqsQueue;
pub use rate::DynamoRates;
pub use relay::{RelayError, handle_relay, run_relay};
pub use schedule::{handle_slot, run_schedule};
pub use secret::ManagedSecret;
pub use shards::{Position, ShardResponse, handle_shards, run_shard_worker};
pub use store::DynamoStore;
pub use topic::SnsTopic;
pub use visibility::Visibility;
pub use worker::{
    BatchError, QueueEvent, handle_batch, handle_told_batch, run_told_worker, run_worker,
};
