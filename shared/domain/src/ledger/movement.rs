//! A movement of money, as a caller orders it and as it is decided about.

use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::{self, InvalidInput, LINE, MAX_LINE_CHARS, is_a_line};
use crate::money::{Amount, Money};

/// What a caller sends: `{amount, description}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "amount": { "amount_minor": 500_000, "currency": "NZD" },
    "description": "Top-up",
}]))]
pub struct MovementInput {
    #[garde(dive)]
    #[serde(deserialize_with = "input::object")]
    amount: Amount,
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|text: &str, _context: &()| is_a_line(text)))]
    description: String,
}

/// How much is moved, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// More than nothing.
    pub amount: Money,
    /// One line, trimmed.
    pub description: String,
}

impl Movement {
    pub(super) fn of(amount: Amount, description: &str) -> Self {
        Self { amount: amount.into(), description: description.trim().to_owned() }
    }
}

impl TryFrom<MovementInput> for Movement {
    type Error = InvalidInput;

    fn try_from(input: MovementInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        Ok(Self::of(input.amount, &input.description))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::money::MAX_AMOUNT_MINOR;

    fn violations(amount_minor: i64, description: &str) -> Vec<String> {
        let amount = json!({ "amount_minor": amount_minor, "currency": "NZD" });
        let input = json!({ "amount": amount, "description": description });
        let input: MovementInput = serde_json::from_value(input).unwrap();
        let violations = Movement::try_from(input).err().map(|invalid| invalid.violations);
        violations.into_iter().flatten().map(|violation| violation.path).collect()
    }

    #[test]
    fn an_amount_is_more_than_nothing_and_not_beyond_all_measure() {
        assert!(violations(1, "Top-up").is_empty());
        assert!(violations(MAX_AMOUNT_MINOR, "Top-up").is_empty());

        for refused in [0, -1, i64::MIN, MAX_AMOUNT_MINOR + 1, i64::MAX] {
            assert_eq!(violations(refused, "Top-up"), ["/amount/amount_minor"], "{refused}");
        }
    }

    #[test]
    fn every_rule_broken_is_named_at_once() {
        assert_eq!(violations(0, " "), ["/amount/amount_minor", "/description"]);
    }
}
