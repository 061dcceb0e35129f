//! Counts of what was asked, by caller and operation.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::target::Target;

/// Callers beyond this number are counted together: a key id is whatever a client says it is.
const MOST_CALLERS: usize = 1_000;
const MOST_OPERATIONS: usize = 500;
const OTHERS: &str = "others";

/// Every call since the start or the last reset, whether or not it succeeded.
#[derive(Debug, Default)]
pub(super) struct Calls {
    counts: Mutex<BTreeMap<String, BTreeMap<String, u64>>>,
}

impl Calls {
    pub(super) fn count(&self, caller: &str, target: &Target<'_>) {
        let mut counts = self.lock();
        let caller = known_or_others(&counts, caller, MOST_CALLERS);
        let operations = counts.entry(caller).or_default();
        let operation = known_or_others(operations, &target.to_string(), MOST_OPERATIONS);
        *operations.entry(operation).or_default() += 1;
    }

    /// `{"api": {"dynamodb.GetItem": 3}, …}`
    pub(super) fn report(&self) -> Value {
        json!(*self.lock())
    }

    pub(super) fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, u64>>> {
        // A count is never half written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn known_or_others<V>(known: &BTreeMap<String, V>, name: &str, most: usize) -> String {
    let fits = known.len() < most || known.contains_key(name);
    if fits { name } else { OTHERS }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target<'static> {
        Target::read("AmazonSQS.SendMessage").expect("target")
    }

    #[test]
    fn calls_are_counted_by_caller_and_operation_until_they_are_reset() {
        let calls = Calls::default();
        calls.count("api", &target());
        calls.count("api", &target());
        calls.count("worker", &target());

        let counted = calls.report();
        calls.reset();

        let expected =
            json!({ "api": { "sqs.SendMessage": 2 }, "worker": { "sqs.SendMessage": 1 } });
        assert_eq!((counted, calls.report()), (expected, json!({})));
    }

    #[test]
    fn callers_beyond_the_bound_are_counted_together() {
        let calls = Calls::default();

        (0..MOST_CALLERS + 5).for_each(|key| calls.count(&key.to_string(), &target()));

        assert_eq!(calls.report()[OTHERS]["sqs.SendMessage"], 5);
    }
}
