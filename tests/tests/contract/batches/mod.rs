//! What a worker does with a batch: the specification of the batch processor, line by line.
//!
//! Batches are JSON as AWS sends it (`events/sqs/`), go in where Lambda hands them over, and what Lambda is told comes out.
//! Reading order: bodies, order and concurrency, the deadline, failures, duplicates, the answer; listeners last.
//! The queue behind it is the local system's, living by the same clock as the worker; only a test moves it.

mod work;
mod bench;
mod bodies;
mod order;
mod deadline;
mod failures;
mod duplicates;
mod answers;
mod shards;
mod listeners;
