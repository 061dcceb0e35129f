//! Money: an integer of minor units and a currency. Never a float, on no wire and in no store.

use std::fmt;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that is moved or planned at once, in minor units: ten billion of a currency with cents, far inside what any
/// store keeps exactly. One bound for budgets and accounts: a larger budget could never be held.
pub(crate) const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000;

/// An amount in the smallest unit of its currency: `{"amount_minor": 150000, "currency": "NZD"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Cents, pence, yen: what the currency has no smaller coin than.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

/// Money as a caller names it: more than nothing, and not beyond all measure.
#[derive(Debug, Clone, Copy, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub(crate) struct Amount {
    #[schemars(range(min = 1, max = MAX_AMOUNT_MINOR))]
    #[garde(custom(|amount: &i64, _context: &()| is_an_amount(*amount)))]
    amount_minor: i64,
    currency: Currency,
}

impl From<Amount> for Money {
    fn from(Amount { amount_minor, currency }: Amount) -> Self {
        Self { amount_minor, currency }
    }
}

fn is_an_amount(amount_minor: i64) -> garde::Result {
    if (1..=MAX_AMOUNT_MINOR).contains(&amount_minor) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("has to be 1-{MAX_AMOUNT_MINOR}")))
    }
}

/// A currency by its ISO 4217 code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("pattern" = "^[A-Z]{3}$"))]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that is no currency code. Permanent: the same text never becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters, such as NZD")]
pub struct InvalidCurrency;

impl Currency {
    /// The code as text.
    pub fn code(&self) -> &str {
        // Only ASCII letters get in, so this is never the empty text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidCurrency)?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Self(code)) } else { Err(InvalidCurrency) }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Money {
    /// `150000 NZD`: minor units, as on every wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_minor, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(amount: &serde_json::Value) -> Result<Money, serde_json::Error> {
        serde_json::from_value(json!({ "amount_minor": amount, "currency": "NZD" }))
    }

    #[test]
    fn an_amount_is_a_whole_number_and_nothing_else() {
        assert_eq!(read(&json!(150_000)).unwrap().amount_minor, 150_000);
        assert_eq!(read(&json!(i64::MAX)).unwrap().amount_minor, i64::MAX);

        for refused in [json!(1.5), json!(1.0), json!("1"), json!(null), json!(1e300)] {
            assert!(read(&refused).is_err(), "{refused} was read as money");
        }
    }

    #[test]
    fn a_currency_is_three_upper_case_letters() {
        assert!(Currency::try_from("NZD".to_owned()).is_ok());

        for refused in ["", "NZ", "NZDD", "nzd", "N1D", "é$"] {
            assert!(Currency::try_from(refused.to_owned()).is_err(), "{refused:?} is no currency");
        }
    }

    #[test]
    fn money_is_written_as_it_is_read() {
        let written = json!({ "amount_minor": -5, "currency": "JPY" });

        let money: Money = serde_json::from_value(written.clone()).unwrap();

        assert_eq!(serde_json::to_value(money).unwrap(), written);
    }
}
