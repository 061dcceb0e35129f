//! What is published, what queues are subscribed to, and what their workers take: all three have to be one.

use postroom::Reactions;
use serde_json::Value;

use super::{Resource, resources};
use crate::repository::{must_be_empty, read};

/// What a worker's `main.rs` says that acknowledges the types it has no handler of.
const IGNORING: &str = ".ignoring_unknown_types()";

/// The queue of a handler, and what of a topic it gets.
struct Subscription {
    id: String,
    handler: String,
    policy: Value,
}

impl Subscription {
    fn of(resource: &Resource) -> Self {
        // `SendNotificationsQueue.Arn` is that of `send-notifications`.
        let queue = resource.text("/Endpoint");
        let id = format!("{}Function", queue.strip_suffix("Queue.Arn").unwrap_or(queue));
        let handler = Resource { id, body: Value::Null }.folder();
        Self {
            id: resource.id.clone(),
            handler,
            policy: resource.property("/FilterPolicy").clone(),
        }
    }

    /// What its policy asks of the type: names, and beginnings of names.
    fn rules(&self) -> Vec<&Value> {
        self.policy["type"].as_array().into_iter().flatten().collect()
    }

    fn passes(&self, r#type: &str) -> bool {
        self.rules().into_iter().any(|rule| passes(rule, r#type))
    }

    fn ignores_unknown(&self) -> bool {
        read(&format!("functions/{}/src/main.rs", self.handler)).contains(IGNORING)
    }
}

/// Whether a rule of a filter policy lets a type pass.
fn passes(rule: &Value, r#type: &str) -> bool {
    let is_named = rule.as_str() == Some(r#type);
    is_named || rule["prefix"].as_str().is_some_and(|beginning| r#type.starts_with(beginning))
}

fn subscriptions() -> Vec<Subscription> {
    let found: Vec<_> = resources("AWS::SNS::Subscription").iter().map(Subscription::of).collect();
    assert!(!found.is_empty(), "no queue is subscribed to a topic");
    found
}

fn table() -> Reactions {
    domain::reactions(&domain::Settings::default())
}

#[test]
fn what_a_subscriber_handles_passes_its_filter_policy() {
    let (table, subscriptions) = (table(), subscriptions());

    let mut violations = Vec::new();
    for r#type in table.types() {
        for handler in table.published(r#type) {
            let its = subscriptions.iter().filter(|one| one.handler == *handler);
            if !its.clone().any(|one| one.passes(r#type)) {
                let ids: Vec<_> = its.map(|one| one.id.as_str()).collect();
                violations.push(format!(
                    "{type} never reaches {handler}, which is subscribed by {ids:?}"
                ));
            }
        }
    }

    must_be_empty(
        &violations,
        "Let the FilterPolicy of the subscription pass what is `published` to its handler, or it is lost without a word.",
    );
}

#[test]
fn what_passes_a_filter_policy_is_handled_or_knowingly_ignored() {
    let table = table();

    let mut violations = Vec::new();
    for one in subscriptions() {
        let published = table.types().into_iter().filter(|r#type| table.is_published(r#type));
        let unknown = published.filter(|r#type| {
            one.passes(r#type) && !table.published(r#type).contains(&one.handler.as_str())
        });
        violations.extend(
            unknown
                .filter(|_| !one.ignores_unknown())
                .map(|r#type| format!("{} lets {type} pass, which {} parks", one.id, one.handler)),
        );
    }

    must_be_empty(
        &violations,
        "Say `published` of the handler in reactions.rs, narrow the FilterPolicy, or let the worker ignore unknown types.",
    );
}

#[test]
fn a_filter_policy_asks_for_types_that_are_published_and_for_nothing_else() {
    let table = table();

    let mut violations = Vec::new();
    for one in subscriptions() {
        let asks: Vec<_> =
            one.policy.as_object().into_iter().flat_map(|policy| policy.keys()).collect();
        if asks != ["type"] {
            violations.push(format!("{} filters by {asks:?}", one.id));
        }
        let published = || table.types().into_iter().filter(|r#type| table.is_published(r#type));
        let idle =
            one.rules().into_iter().filter(|rule| !published().any(|found| passes(rule, found)));
        violations.extend(idle.map(|rule| format!("{} waits for {rule}", one.id)));
    }

    must_be_empty(
        &violations,
        "Filter by names of types, or beginnings of them, of which reactions.rs publishes at least one.",
    );
}
