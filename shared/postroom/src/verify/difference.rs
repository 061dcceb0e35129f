//! What differs between two rows, field by field.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::port::Item;
use crate::stored::Key;
use crate::verify::sheet::Mark;

/// The most differences that are told one by one.
const MAX_TOLD: usize = 100;

/// Something that is not as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which row, as `demo#account-views@1/0192…`; or which stream, as `demo#accounts/0192…`.
    pub key: String,
    /// Where in the row: `balance.amount_minor`. In brackets what is no field: `(row)` is all of it, `(writes)` how often it
    /// was written, told where a field differs too, `(applied)` how far its stream was applied.
    pub field: String,
    /// What the journal comes to; of a stream, the version that waits to be applied. Absent: nothing should be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What is there; absent: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
}

/// All that differs, by what it is about: what is compared twice is told once, as it was the second time.
#[derive(Debug, Default)]
pub(super) struct Differences {
    by_key: BTreeMap<String, Vec<Difference>>,
    /// How many there are of what is not kept any more.
    dropped: HashMap<Mark, usize>,
}

impl Differences {
    /// Compares a row with what it should be.
    pub(super) fn of_row(&mut self, key: &Key, made: Option<&Item>, found: Option<&Item>) {
        let key = key.to_string();
        let (expected, seen) = (made.map(|row| &row.data), found.map(|row| &row.data));
        let mut differing = Vec::new();
        if let (Some(Value::Object(made)), Some(Value::Object(found))) = (expected, seen) {
            compare_fields("", made, found, &mut |field, expected, found| {
                differing.push(Difference::of(&key, field, expected, found));
            });
        } else if expected != seen {
            differing.push(Difference::of(&key, "(row)".to_owned(), expected, seen));
        }
        // Written more often and still the same, it shows the same.
        if let (false, Some(made), Some(found)) = (differing.is_empty(), made, found)
            && made.version != found.version
        {
            let (made, found) = (made.version.into(), found.version.into());
            differing.push(Difference::of(&key, "(writes)".to_owned(), Some(&made), Some(&found)));
        }
        self.put(key, differing);
    }

    /// A row that is there and is none.
    pub(super) fn of_unreadable(&mut self, key: &Key, made: &Item, reason: String) {
        let (key, found) = (key.to_string(), Value::String(reason));
        let one = Difference::of(&key, "(row)".to_owned(), Some(&made.data), Some(&found));
        self.put(key, vec![one]);
    }

    /// A stream with an event that was never applied.
    pub(super) fn of_stream(&mut self, key: &str, waiting: u64, applied: u64) {
        let (waiting, applied) = (waiting.into(), applied.into());
        let one = Difference::of(key, "(applied)".to_owned(), Some(&waiting), Some(&applied));
        self.put(key.to_owned(), vec![one]);
    }

    /// Nothing is known of it any more: it has moved on since.
    pub(super) fn forget(&mut self, key: &str) {
        self.by_key.remove(key);
        self.dropped.remove(&Mark::of(key));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.dropped.is_empty()
    }

    fn put(&mut self, key: String, differing: Vec<Difference>) {
        self.forget(&key);
        if differing.is_empty() {
            return;
        }
        if self.by_key.len() < MAX_TOLD {
            self.by_key.insert(key, differing);
        } else {
            self.dropped.insert(Mark::of(&*key), differing.len());
        }
    }

    /// As many as are told, and how many there are besides.
    pub(super) fn told(self) -> (Vec<Difference>, u64) {
        let mut all: Vec<_> = self.by_key.into_values().flatten().collect();
        let more = all.len().saturating_sub(MAX_TOLD) + self.dropped.values().sum::<usize>();
        all.truncate(MAX_TOLD);
        (all, u64::try_from(more).unwrap_or(u64::MAX))
    }
}

impl Difference {
    fn of(key: &str, field: String, expected: Option<&Value>, found: Option<&Value>) -> Self {
        Self { key: key.to_owned(), field, expected: expected.cloned(), found: found.cloned() }
    }
}

/// Tells each field that differs; those of objects inside are named by their path.
fn compare_fields(
    path: &str,
    made: &Map<String, Value>,
    found: &Map<String, Value>,
    tell: &mut impl FnMut(String, Option<&Value>, Option<&Value>),
) {
    let more = found.keys().filter(|name| !made.contains_key(*name));
    for name in made.keys().chain(more) {
        let field = format!("{path}{name}");
        match (made.get(name), found.get(name)) {
            (Some(Value::Object(made)), Some(Value::Object(found))) => {
                compare_fields(&format!("{field}."), made, found, tell);
            }
            (made, found) if made != found => tell(field, made, found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stored::Partition;

    fn item(version: u64, data: Value) -> Item {
        let partition = Partition::from_stored("demo#order-views@1".to_owned());
        let key = Key { partition, id: "7".to_owned() };
        Item { key, version, head: 0, live: None, data }
    }

    fn told(made: &Item, found: Option<&Item>) -> Vec<(String, Option<Value>, Option<Value>)> {
        let mut differences = Differences::default();
        differences.of_row(&made.key, Some(made), found);
        let told = differences.told().0.into_iter();
        told.map(|one| (one.field, one.expected, one.found)).collect()
    }

    #[test]
    fn each_field_that_differs_is_named_by_its_path() {
        let made = item(3, json!({"a": 1, "money": {"minor": 5, "currency": "NZD"}, "gone": [1]}));
        let found = item(3, json!({"a": 1, "money": {"minor": 6, "currency": "NZD"}, "new": null}));

        let expected = [
            ("gone".to_owned(), Some(json!([1])), None),
            ("money.minor".to_owned(), Some(json!(5)), Some(json!(6))),
            ("new".to_owned(), None, Some(json!(null))),
        ];
        assert_eq!(told(&made, Some(&found)), expected);
    }

    #[test]
    fn a_row_that_is_not_there_or_was_written_more_often_is_told() {
        let made = item(3, json!({"a": 1}));
        let other = item(4, json!({"a": 2}));

        assert_eq!(told(&made, None), [("(row)".to_owned(), Some(json!({"a": 1})), None)]);
        let [field, writes] = told(&made, Some(&other)).try_into().unwrap();
        assert_eq!(field, ("a".to_owned(), Some(json!(1)), Some(json!(2))));
        assert_eq!(writes, ("(writes)".to_owned(), Some(json!(3)), Some(json!(4))));
        assert_eq!(told(&made, Some(&item(4, json!({"a": 1})))), []);
    }

    #[test]
    fn a_hundred_are_told_and_the_others_counted() {
        let mut differences = Differences::default();
        for stream in 0..150 {
            differences.of_stream(&format!("demo#orders/{stream}"), 2, 1);
        }

        let (told, more) = differences.told();

        assert_eq!((told.len(), more), (100, 50));
    }
}
