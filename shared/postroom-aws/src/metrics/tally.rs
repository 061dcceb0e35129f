//! What was measured since an invocation began.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::metrics::document::{Metric, documents};

/// How many values are held before they are written, though the invocation goes on.
pub(super) const HELD: usize = 10_000;

/// Metrics, added up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    values: BTreeMap<&'static str, Vec<u64>>,
    held: usize,
}

impl Tally {
    /// Adds metrics. Answers everything that was held when that gets too much.
    pub(crate) fn add(&mut self, metrics: &[(&'static str, u64)]) -> Option<Self> {
        for &(name, value) in metrics {
            let values = self.values.entry(name).or_default();
            if let Some(sum) = values.first_mut().filter(|_| !is_time(name)) {
                *sum = sum.saturating_add(value);
            } else {
                values.push(value);
                self.held += 1;
            }
        }
        (self.held >= HELD).then(|| std::mem::take(self))
    }

    /// As lines; `of_invocation` are names and JSON values that stand beside the metrics.
    pub(crate) fn documents(
        &self,
        function: &str,
        at: Timestamp,
        level: &str,
        of_invocation: &[(&'static str, String)],
    ) -> Vec<String> {
        let metrics = self.values.iter().map(|(name, values)| {
            let unit = if is_time(name) { "Milliseconds" } else { "Count" };
            Metric { name, unit, values }
        });
        documents(metrics.collect(), function, at, level, of_invocation)
    }
}

fn is_time(metric: &str) -> bool {
    metric.ends_with("_ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_up_and_times_kept_each() {
        let mut tally = Tally::default();

        tally.add(&[("processed", 2), ("lag_ms", 7)]);
        tally.add(&[("processed", 3), ("lag_ms", 7)]);

        assert_eq!(tally.values["processed"], [5]);
        assert_eq!(tally.values["lag_ms"], [7, 7]);
    }

    #[test]
    fn what_is_too_much_to_hold_is_given_back_whole() {
        let mut tally = Tally::default();
        for _ in 1..HELD {
            assert_eq!(tally.add(&[("lag_ms", 1)]), None);
        }

        let full = tally.add(&[("lag_ms", 1)]).unwrap();

        assert_eq!(full.values["lag_ms"].len(), HELD);
        assert_eq!(tally, Tally::default());
    }
}
