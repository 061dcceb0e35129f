//! Every adapter keeps the promises of its port: in memory, on DynamoDB, on SQS, on S3, on SES and in Secrets Manager.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod endpoint;
mod memory;
mod time;
mod dynamodb;
mod sqs;
mod sns;
mod s3;
mod secrets;
mod ses;
mod outcomes;
mod many;
mod schedules;
mod relays;
mod streams;
mod rebuilds;
mod ticks;
mod collects;
mod batches;
mod documented;
mod differential;
