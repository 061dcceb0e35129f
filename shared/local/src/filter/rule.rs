//! The rules of event patterns that Lambda has, each on one value.
//!
//! | rule                                              | matches                                        |
//! |---------------------------------------------------|------------------------------------------------|
//! | `"a"`, `5`, `true`, `null`                        | that value, as it is spelt                     |
//! | `{"equals-ignore-case": "a"}`                     | that text in any case                          |
//! | `{"prefix": "a"}`, `{"suffix": "a"}`              | texts that begin or end so                     |
//! | `{"anything-but": "a"}`, `{"anything-but": [1, 2]}` | a text or number that is there and none of these |
//! | `{"numeric": [">", 10, "<=", 20]}`                | numbers in the range; `=` is the fifth sign    |
//! | `{"exists": true}`, `{"exists": false}`           | a value that is there, or not                  |
//!
//! `EventBridge` has more, as wildcards and an `anything-but` of prefixes; event source mappings do not.
//!
//! The rules: `doc_source/invocation-eventfiltering.md` at commit 4c88540 of `awsdocs/aws-lambda-developer-guide` on GitHub,
//! read 2026-11-21; `suffix`, `equals-ignore-case` and `$or` are younger and named from memory. What `EventBridge` has where
//! it reads from queues: the column "Pipe support" of
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>, its first rows read 2026-11-21.

use serde_json::Value;

use super::FilterError;

/// One rule of a list, of which one has to match.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    Equals(Value),
    IgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Value>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

/// Reads a list of rules; `path` is where it stands, for errors.
pub(super) fn read_all(rules: &[Value], path: &str) -> Result<Vec<Rule>, FilterError> {
    if rules.is_empty() {
        return Err(unknown(&Value::Array(Vec::new()), path));
    }
    rules.iter().map(|rule| read(rule).ok_or_else(|| unknown(rule, path))).collect()
}

pub(super) fn unknown(rule: &Value, path: &str) -> FilterError {
    FilterError::Rule { path: path.to_owned(), rule: rule.to_string() }
}

/// Whether one of the rules matches a value, or in a list one of its elements.
pub(super) fn any_matches(rules: &[Rule], value: Option<&Value>) -> bool {
    let mut leaves = Vec::new();
    if let Some(value) = value {
        collect_leaves(value, &mut leaves);
    }
    rules.iter().any(|rule| match rule {
        Rule::Exists(expected) => *expected != leaves.is_empty(),
        rule => leaves.iter().any(|leaf| rule.matches(leaf)),
    })
}

fn read(rule: &Value) -> Option<Rule> {
    let Value::Object(rule) = rule else {
        return (!rule.is_array()).then(|| Rule::Equals(rule.clone()));
    };
    let mut members = rule.iter();
    let (Some((name, operand)), None) = (members.next(), members.next()) else { return None };
    let text = || operand.as_str().map(str::to_owned);
    match name.as_str() {
        "equals-ignore-case" => text().map(|text| Rule::IgnoreCase(text.to_lowercase())),
        "prefix" => text().map(Rule::Prefix),
        "suffix" => text().map(Rule::Suffix),
        "exists" => operand.as_bool().map(Rule::Exists),
        "numeric" => comparisons(operand.as_array()?).map(Rule::Numeric),
        "anything-but" => {
            let values = match operand {
                Value::Array(values) => values.clone(),
                value => vec![value.clone()],
            };
            let plain = values.iter().all(|value| value.is_string() || value.is_number());
            (plain && !values.is_empty()).then_some(Rule::AnythingBut(values))
        }
        _ => None,
    }
}

/// `[">", 10, "<=", 20]`: one comparison or two.
fn comparisons(operand: &[Value]) -> Option<Vec<(Comparison, f64)>> {
    let pairs = operand.chunks(2).map(|pair| {
        let [sign, number] = pair else { return None };
        let comparison = match sign.as_str()? {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            "=" => Comparison::Equal,
            ">=" => Comparison::AtLeast,
            ">" => Comparison::Greater,
            _ => return None,
        };
        Some((comparison, number.as_f64()?))
    });
    let pairs: Vec<_> = pairs.collect::<Option<_>>()?;
    (1..=2).contains(&pairs.len()).then_some(pairs)
}

/// The values that rules look at: those in lists one by one, none in objects.
fn collect_leaves<'v>(value: &'v Value, leaves: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_leaves(item, leaves)),
        Value::Object(_) => {}
        leaf => leaves.push(leaf),
    }
}

impl Rule {
    fn matches(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Equals(value) => leaf == value,
            Self::IgnoreCase(lower) => text.is_some_and(|text| text.to_lowercase() == *lower),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(values) => {
                (leaf.is_string() || leaf.is_number()) && !values.contains(leaf)
            }
            Self::Numeric(comparisons) => leaf.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(expected) => *expected,
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        let ordering = number.partial_cmp(&bound);
        match self {
            Self::Less => ordering.is_some_and(std::cmp::Ordering::is_lt),
            Self::AtMost => ordering.is_some_and(std::cmp::Ordering::is_le),
            Self::Equal => ordering.is_some_and(std::cmp::Ordering::is_eq),
            Self::AtLeast => ordering.is_some_and(std::cmp::Ordering::is_ge),
            Self::Greater => ordering.is_some_and(std::cmp::Ordering::is_gt),
        }
    }
}
