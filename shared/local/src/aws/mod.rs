//! The one AWS endpoint: DynamoDB, SQS, SNS, SES, Secrets Manager and S3 behind one address, as the SDKs and the AWS CLI use them.
//!
//! A request goes to the service that its `X-Amz-Target` names, a form to SNS, one below
//! `/v2/email/` to SES, and any other to S3. Its caller is the access key id in the
//! signature, which S3 alone checks: the Lambda host gives every function its own name as key, and `local` as its secret.
//!
//! Beside the services stand pages that AWS has not:
//!
//! | page              | |
//! |-------------------|----------------------------------------------------------------------|
//! | `GET /_calls`     | how often each caller asked what: `{"api": {"dynamodb.GetItem": 3}}`, whether or not it succeeded |
//! | `DELETE /_calls`  | 204; counts begin anew                                               |
//! | `POST /_faults`   | 204, and the next calls go wrong as `faults.rs` shows; 400 names what is not understood |
//! | `GET /_faults`    | how often each effect came about: `{"applied": {"status": 3, "kill_caller": 1}}` |
//! | `DELETE /_faults` | 204; what is left of them is forgotten                               |

mod endpoint;
mod connections;
mod dispatch;
mod target;
mod calls;
mod faults;
mod dynamodb;
mod streams;
mod reply;

use std::collections::BTreeSet;

pub use self::endpoint::{AwsEndpoint, AwsError, AwsOptions};
pub(crate) use self::streams::{Records, Shard, Streams};

/// Ends the process of a function, as `SIGKILL` does; the Lambda host implements it.
pub trait Killer: Send + Sync {
    /// The functions there are, whether or not one of their processes runs now.
    fn functions(&self) -> BTreeSet<String>;

    /// Kills the process in which the function runs now; nothing happens when there is none.
    fn kill(&self, function: &str);
}

#[cfg(test)]
mod tests;
