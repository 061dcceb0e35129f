//! What a request asks for and who asks, read from its head.

use std::fmt;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;

use crate::s3::{OPERATIONS as S3_OPERATIONS, operation_of};
use crate::secrets::protocol::OPERATIONS as SECRETS_OPERATIONS;
use crate::ses::protocol::{OPERATIONS as SES_OPERATIONS, operation_of as mail_operation_of};
use crate::sns::protocol::OPERATIONS as SNS_OPERATIONS;
use crate::sqs::protocol::OPERATIONS as SQS_OPERATIONS;

/// A caller whose request is not signed.
const ANONYMOUS: &str = "anonymous";
const FORM: &str = "application/x-www-form-urlencoded";

// Those of AWS that dynoxide 3.2.0 has, `src/server/mod.rs`.
const DYNAMODB_OPERATIONS: [&str; 23] = [
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeTable",
    "DescribeTimeToLive",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];
const DYNAMODB_STREAMS_OPERATIONS: [&str; 4] =
    ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];

/// The services behind the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    DynamoDb,
    DynamoDbStreams,
    S3,
    SecretsManager,
    Ses,
    Sns,
    Sqs,
}

/// One operation of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) service: Service,
    pub(super) operation: &'a str,
}

impl Service {
    pub(super) const ALL: [Self; 7] = [
        Self::DynamoDb,
        Self::DynamoDbStreams,
        Self::S3,
        Self::SecretsManager,
        Self::Ses,
        Self::Sns,
        Self::Sqs,
    ];

    /// The name in `/_calls` and `/_faults`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::DynamoDbStreams => "dynamodbstreams",
            Self::S3 => "s3",
            Self::SecretsManager => "secretsmanager",
            Self::Ses => "ses",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// What can be asked of it here.
    pub(super) fn operations(self) -> &'static [&'static str] {
        match self {
            Self::DynamoDb => &DYNAMODB_OPERATIONS,
            Self::DynamoDbStreams => &DYNAMODB_STREAMS_OPERATIONS,
            Self::S3 => &S3_OPERATIONS,
            Self::SecretsManager => &SECRETS_OPERATIONS,
            Self::Ses => &SES_OPERATIONS,
            Self::Sns => &SNS_OPERATIONS,
            Self::Sqs => &SQS_OPERATIONS,
        }
    }

    /// What stands before the full stop in `X-Amz-Target`, of which S3, SES and SNS know nothing.
    pub(super) fn prefix(self) -> Option<&'static str> {
        match self {
            Self::DynamoDb => Some("DynamoDB_20120810"),
            Self::DynamoDbStreams => Some("DynamoDBStreams_20120810"),
            Self::S3 | Self::Ses | Self::Sns => None,
            Self::SecretsManager => Some("secretsmanager"),
            Self::Sqs => Some("AmazonSQS"),
        }
    }
}

impl<'a> Target<'a> {
    /// What a request asks for, if its head tells.
    pub(super) fn of(parts: &'a Parts) -> Option<Self> {
        if let Some(operation) = mail_operation_of(parts) {
            return Some(Self { service: Service::Ses, operation });
        }
        if let Some(operation) = operation_of(parts) {
            return Some(Self { service: Service::S3, operation });
        }
        Self::read(parts.headers.get("x-amz-target")?.to_str().ok()?)
    }

    /// Reads `X-Amz-Target`, as `AmazonSQS.SendMessage`.
    pub(super) fn read(target: &'a str) -> Option<Self> {
        let (prefix, operation) = target.split_once('.')?;
        let service = Service::ALL.into_iter().find(|service| service.prefix() == Some(prefix))?;
        let is_name = !operation.is_empty() && operation.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then_some(Self { service, operation })
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service.name(), self.operation)
    }
}

/// Whether a request is of the query protocol, which of the services here SNS alone speaks: its form says what is asked.
pub(super) fn is_query(parts: &Parts) -> bool {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let has_form = content_type.is_some_and(|found| found.starts_with(FORM));
    parts.method == Method::POST && parts.uri.path() == "/" && has_form
}

/// The access key id of `Authorization: AWS4-HMAC-SHA256 Credential=KEY/20260131/…`, or of the URL that somebody signed.
pub(super) fn caller(parts: &Parts) -> &str {
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = authorization.and_then(|text| text.split_once("Credential="));
    let signed = || parts.uri.query()?.split_once("X-Amz-Credential=");
    let (_, credential) = credential.or_else(signed).unwrap_or_default();
    // In a URL the slash is encoded.
    let key = credential.find(['/', '%']).map(|end| &credential[..end]);
    key.filter(|key| !key.is_empty()).unwrap_or(ANONYMOUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_service_and_an_operation() {
        let put = Target { service: Service::DynamoDb, operation: "PutItem" };
        let targets = ["DynamoDB_20120810.PutItem", "AmazonSNS.Publish", "AmazonSQS.", "PutItem"];

        let read = targets.map(Target::read);

        assert_eq!(read, [Some(put), None, None, None]);
        assert_eq!(put.to_string(), "dynamodb.PutItem");
    }

    #[test]
    fn the_caller_is_the_access_key_id_of_the_signature() {
        let caller_of = |uri: &str, authorization: &str| {
            let request = http::Request::builder().uri(uri).header(AUTHORIZATION, authorization);
            caller(&request.body(()).expect("request").into_parts().0).to_owned()
        };

        let signed =
            caller_of("/", "AWS4-HMAC-SHA256 Credential=api/20260131/us-east-1/sqs/aws4_request");
        let url =
            caller_of("/b/k?X-Amz-Credential=worker%2F20260131%2Fus-east-1&X-Amz-Date=1", "x");
        let otherwise = caller_of("/", "Bearer x");

        assert_eq!([signed.as_str(), &url, &otherwise], ["api", "worker", ANONYMOUS]);
    }
}
