//! Which plan a user is on.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_CHARS: usize = 40;
const FREE: &str = "free";
const TRIAL: &str = "trial";
/// What [`Plan`] is, for the schema.
const PATTERN: &str = "^[a-z0-9]+([_-][a-z0-9]+)*$";

/// The name of a plan: small letters and digits, 1-40 characters, with `-` or `_` between some of them.
///
/// Which plans there are is decided where they are sold, so that a new one needs no deployment. Two have a meaning here: `free`,
/// that of whoever pays for none, and `trial`, which ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("pattern" = PATTERN, "maxLength" = MAX_CHARS, "examples" = ["free", "pro"]))]
#[serde(try_from = "String", into = "String")]
pub struct Plan(String);

/// A text is no name of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to be 1-{MAX_CHARS} small letters and digits, with - or _ between some of them")]
pub struct InvalidPlan;

impl Plan {
    /// The plan of whoever names none, or is left with none.
    pub fn free() -> Self {
        Self(FREE.to_owned())
    }

    /// Whether it ends by itself.
    pub fn is_trial(&self) -> bool {
        self.0 == TRIAL
    }

    /// Whether a user can upgrade to it: whatever is neither of the two with a meaning.
    pub fn is_upgrade(&self) -> bool {
        ![FREE, TRIAL].contains(&self.0.as_str())
    }
}

impl TryFrom<String> for Plan {
    type Error = InvalidPlan;

    fn try_from(text: String) -> Result<Self, InvalidPlan> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit())
        };
        let is_one = text.len() <= MAX_CHARS && text.split(['-', '_']).all(is_word);
        if is_one { Ok(Self(text)) } else { Err(InvalidPlan) }
    }
}

impl From<Plan> for String {
    fn from(plan: Plan) -> Self {
        plan.0
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_name_and_no_text() {
        for plan in ["free", "pro", "team-10", "a_b-c", &"x".repeat(40)] {
            assert!(Plan::try_from(plan.to_owned()).is_ok(), "{plan:?}");
        }
        for text in ["", "Pro", "pro ", "-pro", "pro-", "a--b", "a b", "prö", &"x".repeat(41)] {
            assert_eq!(Plan::try_from(text.to_owned()), Err(InvalidPlan), "{text:?}");
        }
    }
}
