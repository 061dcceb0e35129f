//! The one AWS endpoint: DynamoDB and SQS behind one address, as the SDKs and the AWS CLI use them.
//!
//! A request goes to the service that its `X-Amz-Target` names. Its caller is the access key id in
//! the signature, which is not checked: the Lambda host gives every function its own name as key.
//! Beside the services stand `/_calls`, which counts what was asked, and `/_faults`, which makes
//! answers go wrong.

mod endpoint;
mod connections;
mod dispatch;
mod target;
mod calls;
mod faults;
mod dynamodb;
mod queue_file;
mod reply;

pub use self::endpoint::{AwsEndpoint, AwsError, AwsOptions};

/// Ends the process of a function, as `SIGKILL` does; the Lambda host implements it.
pub trait Killer: Send + Sync {
    /// Kills the process in which the function runs now; nothing happens when there is none.
    fn kill(&self, function: &str);
}

#[cfg(test)]
mod tests;
