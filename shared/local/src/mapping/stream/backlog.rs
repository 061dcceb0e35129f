//! What a shard has read and not finished: which batch is next, and what becomes of it by what the function answered.
//!
//! | the function's answer                    | the batch                                                       |
//! |------------------------------------------|-----------------------------------------------------------------|
//! | nothing failed                           | done                                                            |
//! | records of it failed                     | done up to the first of them; that and the rest are tried again |
//! | an error, or an answer without a meaning | in two halves where the mapping bisects; or all is tried again  |
//!
//! A batch that has used up its retries is discarded as a whole, what is older than the mapping allows before it is
//! tried. Splitting takes no retry. AWS does not say how it counts the retries of a batch whose first records were done;
//! here the rest is another batch, which has used none.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>, read 2026-11-22.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::event::{created_at, sequence_number};
use crate::mapping::response::Verdict;
use crate::template::Patience;

/// Records that are handed over together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) records: Vec<Value>,
    /// How often it has failed.
    pub(super) failures: u32,
}

/// Why records are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// Records that were given up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Discarded {
    pub(super) batch: Batch,
    pub(super) condition: Condition,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ended {
    /// The next one is handed over at once.
    GoesOn,
    /// All of it comes again, after a pause.
    Again {
        failures: u32,
    },
    Discarded(Discarded),
}

/// The batches of one shard, in its order.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    batches: VecDeque<Batch>,
}

impl Backlog {
    pub(super) fn push(&mut self, records: Vec<Value>) {
        if !records.is_empty() {
            self.batches.push_back(Batch { records, failures: 0 });
        }
    }

    /// The batch whose turn it is.
    pub(super) fn next(&self) -> Option<&Batch> {
        self.batches.front()
    }

    /// Takes what is too old off the next batch.
    pub(super) fn expire(&mut self, now: Timestamp, patience: &Patience) -> Option<Discarded> {
        let age = patience.maximum_record_age?;
        let batch = self.batches.front_mut()?;
        let is_old = |record: &Value| postroom::between(created_at(record), now) > age;
        let old = batch.records.iter().take_while(|record| is_old(record)).count();
        if old == 0 {
            return None;
        }
        let records: Vec<Value> = batch.records.drain(..old).collect();
        let expired = Batch { records, failures: batch.failures };
        if batch.records.is_empty() {
            self.batches.pop_front();
        }
        Some(Discarded { batch: expired, condition: Condition::RecordAgeExceeded })
    }

    /// Ends the turn of the next batch.
    pub(super) fn end(&mut self, verdict: &Verdict, patience: &Patience) -> Ended {
        let Some(mut batch) = self.batches.pop_front() else { return Ended::GoesOn };
        let done = match verdict {
            Verdict::DeleteAll => return Ended::GoesOn,
            Verdict::Return(failed) => first_of(&batch, failed),
            Verdict::ReturnAll { .. } if patience.bisect && batch.records.len() > 1 => {
                let half = batch.records.split_off(batch.records.len() / 2);
                let failures = batch.failures;
                self.batches.push_front(Batch { records: half, failures });
                self.batches.push_front(batch);
                return Ended::GoesOn;
            }
            Verdict::ReturnAll { .. } => 0,
        };
        if done > 0 {
            let records = batch.records.split_off(done);
            self.batches.push_front(Batch { records, failures: 0 });
            return Ended::GoesOn;
        }
        batch.failures += 1;
        if patience.maximum_retries.is_some_and(|most| batch.failures > most) {
            let condition = Condition::RetryAttemptsExhausted;
            return Ended::Discarded(Discarded { batch, condition });
        }
        let failures = batch.failures;
        self.batches.push_front(batch);
        Ended::Again { failures }
    }
}

/// How many records lie before the first that failed.
fn first_of(batch: &Batch, failed: &BTreeSet<String>) -> usize {
    let is_failed = |record: &Value| failed.contains(sequence_number(record));
    batch.records.iter().position(is_failed).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    const WRITTEN: i64 = 1_795_253_400;

    fn record(number: &str) -> Value {
        json!({"dynamodb": {"SequenceNumber": number, "ApproximateCreationDateTime": WRITTEN}})
    }

    fn backlog(numbers: &[&str]) -> Backlog {
        let mut backlog = Backlog::default();
        backlog.push(numbers.iter().map(|number| record(number)).collect());
        backlog
    }

    fn numbers(batch: Option<&Batch>) -> Vec<&str> {
        batch.into_iter().flat_map(|batch| &batch.records).map(sequence_number).collect()
    }

    fn patience(maximum_retries: u32, bisect: bool) -> Patience {
        let maximum_record_age = Some(Duration::from_mins(1));
        Patience { maximum_retries: Some(maximum_retries), maximum_record_age, bisect }
    }

    fn failed(numbers: &[&str]) -> Verdict {
        Verdict::Return(numbers.iter().map(|number| (*number).to_owned()).collect())
    }

    fn broken() -> Verdict {
        Verdict::ReturnAll { reason: "it crashed".to_owned() }
    }

    #[test]
    fn a_batch_without_failures_is_done() {
        let mut backlog = backlog(&["1", "2"]);

        assert_eq!(backlog.end(&Verdict::DeleteAll, &patience(1, true)), Ended::GoesOn);
        assert_eq!(backlog.next(), None);
    }

    #[test]
    fn a_shard_goes_on_at_the_first_record_that_failed() {
        for bisect in [false, true] {
            let mut backlog = backlog(&["1", "2", "3", "4"]);

            assert_eq!(backlog.end(&failed(&["3", "2"]), &patience(1, bisect)), Ended::GoesOn);
            assert_eq!(numbers(backlog.next()), ["2", "3", "4"]);
        }
    }

    #[test]
    fn a_batch_is_discarded_when_its_retries_are_used_up() {
        let mut backlog = backlog(&["1", "2"]);
        backlog.push(vec![record("3")]);
        let patience = patience(2, false);

        let ended: Vec<_> = (0..3).map(|_| backlog.end(&failed(&["1"]), &patience)).collect();

        assert_eq!(ended[..2], [Ended::Again { failures: 1 }, Ended::Again { failures: 2 }]);
        let Ended::Discarded(discarded) = &ended[2] else { panic!("{ended:?}") };
        assert_eq!(discarded.condition, Condition::RetryAttemptsExhausted);
        assert_eq!(numbers(Some(&discarded.batch)), ["1", "2"]);
        assert_eq!(numbers(backlog.next()), ["3"]);
    }

    #[test]
    fn without_a_bound_it_is_tried_for_as_long_as_it_fails() {
        let mut backlog = backlog(&["1"]);
        let patience = Patience { maximum_retries: None, maximum_record_age: None, bisect: true };

        for failures in 1..=1_000 {
            assert_eq!(backlog.end(&broken(), &patience), Ended::Again { failures });
        }
    }

    #[test]
    fn a_batch_that_broke_its_function_is_halved_until_its_record_is_alone() {
        let mut backlog = backlog(&["1", "2", "3"]);
        let patience = patience(0, true);

        assert_eq!(backlog.end(&broken(), &patience), Ended::GoesOn);
        assert_eq!(numbers(backlog.next()), ["1"]);
        assert_eq!(backlog.end(&Verdict::DeleteAll, &patience), Ended::GoesOn);
        assert_eq!(numbers(backlog.next()), ["2", "3"]);
        assert_eq!(backlog.end(&broken(), &patience), Ended::GoesOn);
        assert_eq!(numbers(backlog.next()), ["2"]);
        let Ended::Discarded(discarded) = backlog.end(&broken(), &patience) else {
            panic!("it is not given up")
        };
        assert_eq!(numbers(Some(&discarded.batch)), ["2"]);
        assert_eq!(numbers(backlog.next()), ["3"]);
    }

    #[test]
    fn a_batch_comes_again_whole_where_nothing_bisects() {
        let mut backlog = backlog(&["1", "2", "3"]);

        assert_eq!(backlog.end(&broken(), &patience(9, false)), Ended::Again { failures: 1 });
        assert_eq!(numbers(backlog.next()), ["1", "2", "3"]);
    }

    #[test]
    fn what_is_too_old_is_discarded_before_it_is_tried() {
        let mut backlog = backlog(&["1", "2"]);
        let at = |seconds| Timestamp::from_second(WRITTEN + seconds).unwrap();

        assert_eq!(backlog.expire(at(60), &patience(1, true)), None);
        let discarded = backlog.expire(at(61), &patience(1, true)).unwrap();

        assert_eq!(discarded.condition, Condition::RecordAgeExceeded);
        assert_eq!(numbers(Some(&discarded.batch)), ["1", "2"]);
        assert_eq!(backlog.next(), None);
    }
}
