//! Subscriptions: which queue gets what a topic is told, and how.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SnsError;
use super::filter_policy::{FilterPolicy, Scope};
use super::message::Notification;
use crate::sqs::{FIFO_SUFFIX, queue_of_arn};

/// A queue that is subscribed to a topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Subscription {
    pub(super) arn: String,
    /// Its name.
    pub(super) queue: String,
    /// Whether the queue gets the message as it is, and not wrapped in a JSON object that says where it comes from.
    pub(super) raw: bool,
    pub(super) policy: Option<FilterPolicy>,
    pub(super) scope: Scope,
    /// The name of the queue that gets what cannot be delivered.
    pub(super) dead_letters: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
}

impl Subscription {
    pub(super) fn new(
        arn: String,
        queue: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<Self, SnsError> {
        let mut subscription = Self {
            arn,
            queue: queue.to_owned(),
            raw: false,
            policy: None,
            scope: Scope::default(),
            dead_letters: None,
        };
        for (name, value) in attributes {
            subscription.set(name, value)?;
        }
        Ok(subscription)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), SnsError> {
        match name {
            "RawMessageDelivery" => self.raw = truth(name, value)?,
            // Empty takes it away.
            "FilterPolicy" if matches!(value, "" | "{}") => self.policy = None,
            "FilterPolicy" => self.policy = Some(FilterPolicy::read(value)?),
            "FilterPolicyScope" => self.scope = Scope::named(value)?,
            "RedrivePolicy" if value.is_empty() => self.dead_letters = None,
            "RedrivePolicy" => {
                let policy: RedrivePolicy = serde_json::from_str(value)
                    .map_err(|error| SnsError::invalid(name, error.to_string()))?;
                let arn = policy.dead_letter_target_arn;
                let target = queue_of_arn(&arn)
                    .ok_or_else(|| SnsError::invalid(name, format!("{arn} is no queue here")))?;
                self.dead_letters = Some(target.to_owned());
            }
            _ => return Err(SnsError::invalid("Attributes", format!("{name} is not here"))),
        }
        Ok(())
    }

    /// What was set, by AWS's names.
    pub(super) fn attributes(&self) -> BTreeMap<&'static str, String> {
        let arn = crate::sqs::queue_arn;
        let policy = self.policy.as_ref();
        let redrive = self
            .dead_letters
            .as_deref()
            .map(|target| serde_json::json!({ "deadLetterTargetArn": arn(target) }).to_string());
        let all = [
            ("SubscriptionArn", Some(self.arn.clone())),
            ("Protocol", Some("sqs".to_owned())),
            ("Endpoint", Some(arn(&self.queue))),
            ("RawMessageDelivery", Some(self.raw.to_string())),
            ("FilterPolicy", policy.map(|policy| policy.text.clone())),
            ("FilterPolicyScope", policy.map(|_| self.scope.name().to_owned())),
            ("RedrivePolicy", redrive),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether its queue gets what was published.
    pub(super) fn wants(&self, published: &Notification) -> bool {
        self.policy.as_ref().is_none_or(|policy| {
            policy.passes(self.scope, &published.message, &published.attributes)
        })
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.queue.ends_with(FIFO_SUFFIX)
    }
}

pub(super) fn truth(name: &str, value: &str) -> Result<bool, SnsError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SnsError::invalid(name, format!("{value} is neither true nor false"))),
    }
}
