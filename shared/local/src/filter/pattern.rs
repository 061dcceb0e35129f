//! Event patterns: objects whose members have to match.

use serde_json::{Map, Value};

use super::FilterError;
use super::rule::{self, Rule};

/// Alternatives of which one has to match, besides the members.
const OR: &str = "$or";

/// What an object has to be like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    /// Each of them has to match.
    members: Vec<(String, Member)>,
    /// Of these one has to match, where there are any.
    alternatives: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq)]
enum Member {
    Object(Pattern),
    /// One of them has to match.
    Rules(Vec<Rule>),
}

impl Pattern {
    /// Reads an object: members are objects again, or lists of rules. `path` is where it stands, for errors.
    ///
    /// The depth is bounded by the parser's, which is 128.
    pub(crate) fn read(members: &Map<String, Value>, path: &str) -> Result<Self, FilterError> {
        let mut read = Self { members: Vec::new(), alternatives: Vec::new() };
        for (name, value) in members {
            let path = format!("{path}.{name}");
            match (name.as_str(), value) {
                (OR, Value::Array(alternatives)) if alternatives.len() > 1 => {
                    for alternative in alternatives {
                        let object = alternative.as_object();
                        let object = object.ok_or_else(|| rule::unknown(alternative, &path))?;
                        read.alternatives.push(Self::read(object, &path)?);
                    }
                }
                (_, Value::Object(inner)) => {
                    read.members.push((name.clone(), Member::Object(Self::read(inner, &path)?)));
                }
                (_, Value::Array(rules)) if name != OR => {
                    let rules = rule::read_all(rules, &path)?;
                    read.members.push((name.clone(), Member::Rules(rules)));
                }
                (_, other) => return Err(rule::unknown(other, &path)),
            }
        }
        Ok(read)
    }

    /// Whether a value matches; of a list one element has to. What is no object has no members.
    pub(crate) fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.matches(Some(item)))
            }
            Some(Value::Object(object)) => self.matches_object(object),
            _ => self.matches_object(&Map::new()),
        }
    }

    fn matches_object(&self, object: &Map<String, Value>) -> bool {
        let members = self.members.iter().all(|(name, member)| match member {
            Member::Object(pattern) => pattern.matches(object.get(name)),
            Member::Rules(rules) => rule::any_matches(rules, object.get(name)),
        });
        let alternatives = &self.alternatives;
        members
            && (alternatives.is_empty()
                || alternatives.iter().any(|pattern| pattern.matches_object(object)))
    }
}
