//! A queue's settings: the attributes that are set, as opposed to those that are counted.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::SqsError;
use super::arn::FIFO_SUFFIX;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};

// Ranges and defaults: the AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21.
// Durations are seconds.
const VISIBILITY: RangeInclusive<u64> = 0..=43_200;
const DELAY: RangeInclusive<u64> = 0..=900;
const RETENTION: RangeInclusive<u64> = 60..=1_209_600;
const WAIT: RangeInclusive<u64> = 0..=20;
const MESSAGE_BYTES: RangeInclusive<u64> = 1_024..=1_048_576;
const KEY_REUSE: RangeInclusive<u64> = 60..=86_400;

/// Attributes that are kept and shown but change nothing here: nothing is encrypted locally, and
/// every caller may do everything.
const KEPT: [&str; 4] =
    ["Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

/// Whether messages are deduplicated over the whole queue or within their group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeduplicationScope {
    Queue,
    MessageGroup,
}

/// What only FIFO queues can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FifoSettings {
    pub(crate) content_based_deduplication: bool,
    pub(crate) scope: DeduplicationScope,
    /// `perQueue` or `perMessageGroupId`; nothing is throttled locally.
    throughput_limit: String,
}

/// The settings of one queue, every one within AWS's range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) visibility: Duration,
    pub(crate) delay: Duration,
    pub(crate) retention: Duration,
    pub(crate) wait: Duration,
    pub(crate) message_bytes: usize,
    pub(crate) redrive: Option<RedrivePolicy>,
    pub(crate) redrive_allow: Option<RedriveAllowPolicy>,
    /// `Some` makes the queue a FIFO queue.
    pub(crate) fifo: Option<FifoSettings>,
    kept: BTreeMap<String, String>,
}

impl Settings {
    /// The settings of a new queue. The name decides whether it is FIFO; the attribute must agree.
    pub(crate) fn new(
        queue: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<Self, SqsError> {
        let fifo = queue.ends_with(FIFO_SUFFIX);
        if fifo != (attributes.get("FifoQueue").map(String::as_str) == Some("true")) {
            return Err(SqsError::InvalidParameterValue {
                parameter: "QueueName",
                reason: format!("FifoQueue is true for names that end with {FIFO_SUFFIX} only"),
            });
        }
        let mut settings = Self {
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(4 * 24),
            wait: Duration::ZERO,
            message_bytes: 1_048_576,
            redrive: None,
            redrive_allow: None,
            fifo: fifo.then(|| FifoSettings {
                content_based_deduplication: false,
                scope: DeduplicationScope::Queue,
                throughput_limit: "perQueue".to_owned(),
            }),
            kept: BTreeMap::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]),
        };
        settings.apply(attributes)?;
        Ok(settings)
    }

    /// Takes over the given attributes, or none of them if one is refused.
    pub(crate) fn apply(&mut self, attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let mut changed = self.clone();
        for (name, value) in attributes {
            changed.set(name, value)?;
        }
        *self = changed;
        Ok(())
    }

    /// The first of the given attributes whose value is not the one in force.
    pub(crate) fn first_difference(
        &self,
        attributes: &BTreeMap<String, String>,
    ) -> Result<Option<String>, SqsError> {
        let mut wanted = self.clone();
        wanted.apply(attributes)?;
        let (wanted, present) = (wanted.describe(), self.describe());
        let differs = |name: &&String| wanted.get(*name) != present.get(*name);
        Ok(attributes.keys().find(differs).cloned())
    }

    /// The attributes as `GetQueueAttributes` shows them.
    pub(crate) fn describe(&self) -> BTreeMap<String, String> {
        let mut shown = self.kept.clone();
        let mut show = |name: &str, value: String| shown.insert(name.to_owned(), value);
        show("VisibilityTimeout", self.visibility.as_secs().to_string());
        show("DelaySeconds", self.delay.as_secs().to_string());
        show("MessageRetentionPeriod", self.retention.as_secs().to_string());
        show("ReceiveMessageWaitTimeSeconds", self.wait.as_secs().to_string());
        show("MaximumMessageSize", self.message_bytes.to_string());
        if let Some(policy) = &self.redrive {
            show("RedrivePolicy", policy.to_text());
        }
        if let Some(policy) = &self.redrive_allow {
            show("RedriveAllowPolicy", policy.to_text());
        }
        if let Some(fifo) = &self.fifo {
            let scope = match fifo.scope {
                DeduplicationScope::Queue => "queue",
                DeduplicationScope::MessageGroup => "messageGroup",
            };
            show("FifoQueue", "true".to_owned());
            show("ContentBasedDeduplication", fifo.content_based_deduplication.to_string());
            show("DeduplicationScope", scope.to_owned());
            show("FifoThroughputLimit", fifo.throughput_limit.clone());
        }
        shown
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        match name {
            "VisibilityTimeout" => self.visibility = seconds(name, value, VISIBILITY)?,
            "DelaySeconds" => self.delay = seconds(name, value, DELAY)?,
            "MessageRetentionPeriod" => self.retention = seconds(name, value, RETENTION)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = seconds(name, value, WAIT)?,
            "MaximumMessageSize" => {
                let bytes = number(name, value, MESSAGE_BYTES)?;
                self.message_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
            // An empty policy takes the policy away.
            "RedrivePolicy" => {
                self.redrive =
                    (!value.is_empty()).then(|| RedrivePolicy::parse(value)).transpose()?;
            }
            "RedriveAllowPolicy" => {
                let policy = (!value.is_empty()).then(|| RedriveAllowPolicy::parse(value));
                self.redrive_allow = policy.transpose()?;
            }
            "FifoQueue"
            | "ContentBasedDeduplication"
            | "DeduplicationScope"
            | "FifoThroughputLimit" => self.set_fifo(name, value)?,
            name if KEPT.contains(&name) => self.keep(name, value)?,
            _ => return Err(SqsError::InvalidAttributeName { name: name.to_owned() }),
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        // A standard queue does not know these attributes at all.
        let Some(fifo) = &mut self.fifo else {
            return Err(SqsError::InvalidAttributeName { name: name.to_owned() });
        };
        match (name, value) {
            // It is what it was created as.
            ("FifoQueue", "true") => {}
            ("ContentBasedDeduplication", _) => {
                fifo.content_based_deduplication = boolean(name, value)?;
            }
            ("DeduplicationScope", "queue") => fifo.scope = DeduplicationScope::Queue,
            ("DeduplicationScope", "messageGroup") => fifo.scope = DeduplicationScope::MessageGroup,
            ("FifoThroughputLimit", "perQueue" | "perMessageGroupId") => {
                value.clone_into(&mut fifo.throughput_limit);
            }
            _ => return Err(invalid(name, format!("{value:?} is not one of its values"))),
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        match name {
            "KmsDataKeyReusePeriodSeconds" => drop(number(name, value, KEY_REUSE)?),
            "SqsManagedSseEnabled" => drop(boolean(name, value)?),
            _ => {}
        }
        if value.is_empty() {
            self.kept.remove(name);
        } else {
            self.kept.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }
}

fn seconds(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<Duration, SqsError> {
    number(name, value, range).map(Duration::from_secs)
}

fn number(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<u64, SqsError> {
    let parsed = value.parse().ok().filter(|number| range.contains(number));
    parsed.ok_or_else(|| {
        let (first, last) = range.into_inner();
        invalid(name, format!("{value:?} is not a number from {first} to {last}"))
    })
}

fn boolean(name: &str, value: &str) -> Result<bool, SqsError> {
    value.parse().map_err(|_| invalid(name, format!("{value:?} is neither true nor false")))
}

fn invalid(name: &str, reason: String) -> SqsError {
    SqsError::InvalidAttributeValue { name: name.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn a_value_at_the_end_of_its_range_is_taken_and_one_over_is_refused() {
        let new = |value| Settings::new("q", &attributes([("VisibilityTimeout", value)]));

        let (longest, too_long) = (new("43200"), new("43201"));

        assert_eq!(longest.expect("in range").visibility, Duration::from_hours(12));
        assert!(matches!(too_long, Err(SqsError::InvalidAttributeValue { .. })));
    }

    #[test]
    fn a_refused_attribute_leaves_all_the_others_as_they_were() {
        let mut settings = Settings::new("q", &attributes([])).expect("defaults");

        let refused =
            settings.apply(&attributes([("DelaySeconds", "5"), ("VisibilityTimeout", "x")]));

        assert!(refused.is_err());
        assert_eq!(settings.delay, Duration::ZERO);
    }

    #[test]
    fn attributes_of_a_fifo_queue_are_unknown_to_a_standard_queue() {
        let refused = Settings::new("q", &attributes([("ContentBasedDeduplication", "true")]));

        let name = "ContentBasedDeduplication".to_owned();
        assert_eq!(refused, Err(SqsError::InvalidAttributeName { name }));
    }

    #[test]
    fn the_name_and_the_attribute_must_agree_that_a_queue_is_fifo() {
        let both = Settings::new("q.fifo", &attributes([("FifoQueue", "true")]));
        let name_only = Settings::new("q.fifo", &attributes([]));
        let attribute_only = Settings::new("q", &attributes([("FifoQueue", "true")]));

        assert!(both.is_ok_and(|settings| settings.fifo.is_some()));
        assert!(name_only.is_err() && attribute_only.is_err());
    }

    #[test]
    fn only_attributes_that_are_given_are_compared_with_an_existing_queue() {
        let present = Settings::new("q", &attributes([("DelaySeconds", "5")])).expect("valid");

        let same = present.first_difference(&attributes([("DelaySeconds", "5")]));
        let silent = present.first_difference(&attributes([]));
        let other = present.first_difference(&attributes([("DelaySeconds", "6")]));

        assert_eq!((same, silent), (Ok(None), Ok(None)));
        assert_eq!(other, Ok(Some("DelaySeconds".to_owned())));
    }
}
