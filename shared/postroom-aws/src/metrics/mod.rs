//! Metrics of an invocation, and how they are written: CloudWatch's embedded metric format.
//!
//! ```json
//! {"_aws":{"Timestamp":1795253400000,"CloudWatchMetrics":[{"Namespace":"Postroom","Dimensions":[["FunctionName"]],
//!   "Metrics":[{"Name":"lag_ms","Unit":"Milliseconds"},{"Name":"processed","Unit":"Count"}]}]},
//!  "FunctionName":"dev-charge-card","lag_ms":[310,295],"processed":2,
//!  "level":"INFO","timestamp":"2026-11-21T09:30:00.000000Z","request_id":"8f5b…"}
//! ```
//! A function's name has its stack's in front, so the one dimension tells both; it is the one of AWS's own metrics of
//! functions, under which a dashboard shows them beside each other.
//!
//! | metric | counts |
//! |---|---|
//! | `processed` | records that were done, or chose to do nothing; requests that were answered, refused ones too |
//! | `failed` | attempts that will be repeated; requests answered with a fault of ours |
//! | `permanent` | messages that were parked as dead letters |
//! | `duplicate` | records that had been done, or parked, before |
//! | `lease_lost` | attempts whose lease somebody else took over |
//! | `deadline_returned` | records that were not started for want of time, or dropped when it was over; these have mostly failed, too |
//! | `published` | messages that their queue accepted |
//! | `processing_time_ms` | of each record that was processed, from its start to its end; of each request |
//! | `lag_ms` | from the time of the message to its being processed; of an event, to its being in the build that is read |
//! | `outbox_age_ms` | at each run of the relay, of each shard, how long its oldest message has been due; 0 if there is none |
//! | `unreadable` | rows of the outbox that cannot be read, at each run that meets them |
//! | `cold_start` | processes, at their first invocation |

mod document;
mod tally;

pub(crate) use tally::Tally;
