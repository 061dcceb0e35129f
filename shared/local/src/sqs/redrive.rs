//! Redrive policies: when a message is moved to a dead-letter queue, and who may use one.

use serde::Deserialize;
use serde_json::json;

use super::SqsError;
use super::arn::{queue_arn, queue_of_arn};

// Ten sources: the AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21. It names
// no most for the receive count; a thousand is from memory.
const MOST_RECEIVES: u32 = 1_000;
const MOST_SOURCE_QUEUES: usize = 10;

/// Attribute `RedrivePolicy`: `{"deadLetterTargetArn": "arn:…", "maxReceiveCount": 3}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedrivePolicy {
    /// The dead-letter queue, by name.
    pub(crate) target: String,
    /// A message received this often and not deleted goes to the target at its next turn.
    pub(crate) most_receives: u32,
}

impl RedrivePolicy {
    pub(crate) fn parse(text: &str) -> Result<Self, SqsError> {
        /// AWS takes the count as a number and as a string.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Count {
            Number(u32),
            Text(String),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            dead_letter_target_arn: String,
            max_receive_count: Count,
        }

        let invalid = |reason: String| SqsError::InvalidAttributeValue {
            name: "RedrivePolicy".to_owned(),
            reason,
        };
        let wire: Wire = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let count = match wire.max_receive_count {
            Count::Number(count) => Some(count),
            Count::Text(text) => text.parse().ok(),
        };
        let most_receives = count
            .filter(|count| (1..=MOST_RECEIVES).contains(count))
            .ok_or_else(|| invalid(format!("maxReceiveCount is not 1 to {MOST_RECEIVES}")))?;
        let target = queue_of_arn(&wire.dead_letter_target_arn)
            .ok_or_else(|| invalid(format!("{} is no queue", wire.dead_letter_target_arn)))?;
        Ok(Self { target: target.to_owned(), most_receives })
    }

    pub(crate) fn to_text(&self) -> String {
        json!({
            "deadLetterTargetArn": queue_arn(&self.target),
            "maxReceiveCount": self.most_receives,
        })
        .to_string()
    }
}

/// Attribute `RedriveAllowPolicy` of a dead-letter queue: which queues may name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RedriveAllowPolicy {
    AllowAll,
    DenyAll,
    /// Queue names, at most ten.
    ByQueue(Vec<String>),
}

impl RedriveAllowPolicy {
    pub(crate) fn parse(text: &str) -> Result<Self, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            redrive_permission: String,
            #[serde(default)]
            source_queue_arns: Vec<String>,
        }

        let invalid = |reason: String| SqsError::InvalidAttributeValue {
            name: "RedriveAllowPolicy".to_owned(),
            reason,
        };
        let wire: Wire = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        match (wire.redrive_permission.as_str(), wire.source_queue_arns.len()) {
            ("allowAll", 0) => Ok(Self::AllowAll),
            ("denyAll", 0) => Ok(Self::DenyAll),
            ("byQueue", 1..=MOST_SOURCE_QUEUES) => {
                let name = |arn: &String| queue_of_arn(arn).map(str::to_owned);
                let names: Option<Vec<_>> = wire.source_queue_arns.iter().map(name).collect();
                Ok(Self::ByQueue(names.ok_or_else(|| invalid("not a queue's ARN".to_owned()))?))
            }
            _ => Err(invalid("allowAll, denyAll, or byQueue with 1 to 10 queues".to_owned())),
        }
    }

    pub(crate) fn allows(&self, source: &str) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(names) => names.iter().any(|name| name == source),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::AllowAll => json!({ "redrivePermission": "allowAll" }),
            Self::DenyAll => json!({ "redrivePermission": "denyAll" }),
            Self::ByQueue(names) => json!({
                "redrivePermission": "byQueue",
                "sourceQueueArns": names.iter().map(|name| queue_arn(name)).collect::<Vec<_>>(),
            }),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(count: &str) -> String {
        format!(
            r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d","maxReceiveCount":{count}}}"#
        )
    }

    #[test]
    fn a_receive_count_is_a_number_or_a_string_from_one_to_a_thousand() {
        let counts = ["1", "1000", "\"5\"", "0", "1001", "\"x\""];

        let read =
            counts.map(|count| RedrivePolicy::parse(&policy(count)).map(|p| p.most_receives));

        assert_eq!(read.map(Result::ok), [Some(1), Some(1000), Some(5), None, None, None]);
    }

    #[test]
    fn a_policy_is_shown_as_it_was_given() {
        let policies = [
            r#"{"redrivePermission":"allowAll"}"#,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:a"]}"#,
        ];

        let shown = policies.map(|text| RedriveAllowPolicy::parse(text).expect("valid").to_text());

        assert_eq!(shown, policies);
    }

    #[test]
    fn only_the_named_queues_may_use_a_queue_that_allows_by_queue() {
        let allowed = RedriveAllowPolicy::ByQueue(vec!["a".to_owned()]);

        let answers = (allowed.allows("a"), allowed.allows("b"));

        assert_eq!(answers, (true, false));
    }
}
