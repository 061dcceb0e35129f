//! What the payment provider calls a thing.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_CHARS: usize = 255;

/// An id that Stripe gave: `evt_…`, `pi_…`. 1-255 of `A-Za-z0-9_-`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,255}$"))]
#[serde(try_from = "String", into = "String")]
pub struct ProviderId(String);

/// A text that is no such id. Permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of the payment provider is 1-{MAX_CHARS} of A-Za-z0-9_-")]
pub struct InvalidProviderId;

impl FromStr for ProviderId {
    type Err = InvalidProviderId;

    fn from_str(text: &str) -> Result<Self, InvalidProviderId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for ProviderId {
    type Error = InvalidProviderId;

    fn try_from(text: String) -> Result<Self, InvalidProviderId> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text))
        } else {
            Err(InvalidProviderId)
        }
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word() {
        let long = "a".repeat(MAX_CHARS);
        for id in ["evt_1", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "A-9", long.as_str()] {
            assert_eq!(id.parse::<ProviderId>().unwrap().to_string(), id);
        }
        for none in ["", "evt 1", "evt#1", "evt/1", "évt", &format!("{long}a")] {
            assert_eq!(none.parse::<ProviderId>(), Err(InvalidProviderId), "{none:?}");
        }
    }
}
