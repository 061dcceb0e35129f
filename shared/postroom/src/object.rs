//! Names of objects, and of what they hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most bytes of a key.
// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>, from memory 2026-11-22.
const MOST_BYTES: usize = 1_024;

/// Where an object lies in its bucket: `imports/demo/0192….csv`.
///
/// 1-1,024 bytes without control characters. No segment is empty, `.` or `..`: HTTP clients resolve those, and would then
/// ask for another object.
///
/// ```
/// use postroom::ObjectKey;
///
/// let key: ObjectKey = "imports/demo/people & places.csv".parse().unwrap();
/// assert_eq!(key.as_str(), "imports/demo/people & places.csv");
/// assert!("imports/../secrets".parse::<ObjectKey>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectKey(String);

/// Names what an object holds: who put something else there has changed it. Opaque; without the quotes that HTTP puts
/// around it.
///
/// ```
/// let quoted: postroom::ETag = "\"9b2cf535f27731c974343645a3985328\"".parse().unwrap();
/// assert_eq!(quoted.as_str(), "9b2cf535f27731c974343645a3985328");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ETag(String);

/// A text that names no object, or nothing that one holds. Permanent: the same text never does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidObjectName {
    /// It is no key.
    #[error(
        "an object's key has to be 1-{MOST_BYTES} bytes without control characters, and no segment of it empty, `.` or `..`"
    )]
    Key,
    /// It is no `ETag`.
    #[error("an `ETag` has to be 1-{MOST_BYTES} printable ASCII characters without quotes")]
    ETag,
}

impl ObjectKey {
    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ETag {
    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = InvalidObjectName;

    fn try_from(text: String) -> Result<Self, InvalidObjectName> {
        let fits = text.len() <= MOST_BYTES && !text.chars().any(char::is_control);
        let is_plain = |segment: &str| !matches!(segment, "" | "." | "..");
        if fits && text.split('/').all(is_plain) {
            Ok(Self(text))
        } else {
            Err(InvalidObjectName::Key)
        }
    }
}

impl TryFrom<String> for ETag {
    type Error = InvalidObjectName;

    fn try_from(text: String) -> Result<Self, InvalidObjectName> {
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
        let allowed = |c: char| c.is_ascii_graphic() && c != '"';
        if (1..=MOST_BYTES).contains(&bare.len()) && bare.chars().all(allowed) {
            Ok(Self(bare.to_owned()))
        } else {
            Err(InvalidObjectName::ETag)
        }
    }
}

macro_rules! text {
    ($($name:ident)*) => {$(
        impl FromStr for $name {
            type Err = InvalidObjectName;

            fn from_str(text: &str) -> Result<Self, InvalidObjectName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text!(ObjectKey ETag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_1024_bytes_and_nothing_that_clients_resolve() {
        let is_key = |text: &str| text.parse::<ObjectKey>().is_ok();

        assert!(is_key("a") && is_key(&"a".repeat(1_024)) && is_key("a/.b/..c/Größe 1+1%20=2.csv"));
        for other in ["", "/a", "a/", "a//b", "./a", "a/..", "a/../b", "a\nb", "a\u{85}b"] {
            assert!(!is_key(other), "{other:?}");
        }
        assert!(!is_key(&"a".repeat(1_025)) && !is_key(&"ä".repeat(513)));
    }

    #[test]
    fn an_etag_is_the_same_with_and_without_its_quotes() {
        let etag = |text: &str| text.parse::<ETag>();

        assert_eq!(etag("\"ab-2\""), etag("ab-2"));
        for other in ["", "\"\"", "\"a", "a b", "ä"] {
            assert_eq!(etag(other), Err(InvalidObjectName::ETag), "{other:?}");
        }
    }
}
