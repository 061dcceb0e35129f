//! An e-mail address, by which a contact is known.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most characters of an address, of the part before the `@`, and of one name between dots behind it.
// RFC 5321, section 4.5.3.1: a path has 256 octets, two of which are its brackets, and a local part 64. RFC 1035, section
// 2.3.4: a label has 63. <https://www.rfc-editor.org/rfc/rfc5321>, named from memory 2026-11-22.
const MAX_CHARS: usize = 254;
const MAX_LOCAL_CHARS: usize = 64;
const MAX_LABEL_CHARS: usize = 63;

/// An address in the one form under which it is kept and compared: without space around it, in small letters.
///
/// The part before the `@` is made small as well. By RFC 5321 its case could mean something to whoever receives mail there;
/// it means nothing to any provider of consequence, and the same person twice is what lists suffer from. Nothing else is
/// made equal: dots and `+tags` mean different things to different providers.
///
/// It is ASCII: `dots.and_atoms+like/this@names.with.dots`. Quoted local parts, comments, names in front and addresses of
/// machines are refused, and so is what is not ASCII: a domain of other letters is written in its `xn--` form.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(extend("format" = "email", "maxLength" = MAX_CHARS))]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// A text is no address. Says what an address is, and not what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// More than 254 characters.
    #[error("has more than {MAX_CHARS} characters")]
    TooLong,
    /// Letters, signs or space that an address does not have.
    #[error("has a character that no address has here: letters, digits and signs of ASCII only")]
    Character,
    /// Not one `@` between two parts.
    #[error("has to be a name, `@` and a domain")]
    Parts,
    /// Before the `@`: empty, more than 64 characters, or a dot that separates nothing.
    #[error("needs 1-{MAX_LOCAL_CHARS} characters before `@`, and dots only between others")]
    Local,
    /// Behind the `@`: not two or more names with dots between them.
    #[error("needs a domain with a dot in it behind `@`, such as example.com")]
    Domain,
}

impl Email {
    /// The address as it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        let address = text.trim().to_ascii_lowercase();
        check(&address)?;
        Ok(Self(address))
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(address: &str) -> Result<(), InvalidEmail> {
    if address.len() > MAX_CHARS {
        return Err(InvalidEmail::TooLong);
    }
    if !address.chars().all(|sign| is_of_local(sign) || matches!(sign, '.' | '@')) {
        return Err(InvalidEmail::Character);
    }
    let (local, domain) = address.split_once('@').ok_or(InvalidEmail::Parts)?;
    if domain.contains('@') {
        return Err(InvalidEmail::Parts);
    }
    if local.len() > MAX_LOCAL_CHARS || local.split('.').any(str::is_empty) {
        return Err(InvalidEmail::Local);
    }
    let labels: Vec<&str> = domain.split('.').collect();
    // What ends in digits is the address of a machine.
    let is_named =
        labels.last().is_some_and(|last| !last.bytes().all(|sign| sign.is_ascii_digit()));
    if labels.len() < 2 || !is_named || !labels.iter().all(|label| is_label(label)) {
        return Err(InvalidEmail::Domain);
    }
    Ok(())
}

/// What a local part has besides dots: `atext`.
// RFC 5322, section 3.2.3: <https://www.rfc-editor.org/rfc/rfc5322>, named from memory 2026-11-22.
fn is_of_local(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(sign)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_CHARS).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Result<String, InvalidEmail> {
        Email::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn one_address_has_one_form() {
        for same in ["ann@example.com", " Ann@Example.COM\t", "\u{a0}ANN@EXAMPLE.COM\r\n"] {
            assert_eq!(email(same).as_deref(), Ok("ann@example.com"), "{same:?}");
        }
        for other in ["a.nn@example.com", "ann+news@example.com", "ann@mail.example.com"] {
            assert_eq!(email(other).as_deref(), Ok(other));
        }
    }

    #[test]
    fn an_address_has_at_most_254_characters_64_of_them_local_and_63_between_dots() {
        let domain = |chars: usize| {
            // Labels of 63, and what is left of the last.
            let labels = [63, 63, chars - 2 * 64 - 2].map(|length| "d".repeat(length)).join(".");
            format!("{labels}.x")
        };
        let local = "l".repeat(64);

        assert!(email(&format!("{local}@{}", domain(254 - 65))).is_ok());
        assert_eq!(email(&format!("{local}@{}", domain(255 - 65))), Err(InvalidEmail::TooLong));
        assert_eq!(email(&format!("{local}l@example.com")), Err(InvalidEmail::Local));
        assert!(email(&format!("a@{}.com", "d".repeat(63))).is_ok());
        assert_eq!(email(&format!("a@{}.com", "d".repeat(64))), Err(InvalidEmail::Domain));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_missing() {
        for (text, expected) in [
            ("", InvalidEmail::Parts),
            ("ann", InvalidEmail::Parts),
            ("ann@@example.com", InvalidEmail::Parts),
            ("ann@example@example.com", InvalidEmail::Parts),
            ("@example.com", InvalidEmail::Local),
            (".ann@example.com", InvalidEmail::Local),
            ("ann.@example.com", InvalidEmail::Local),
            ("an..n@example.com", InvalidEmail::Local),
            ("ann@", InvalidEmail::Domain),
            ("ann@localhost", InvalidEmail::Domain),
            ("ann@example.", InvalidEmail::Domain),
            ("ann@.com", InvalidEmail::Domain),
            ("ann@-example.com", InvalidEmail::Domain),
            ("ann@example-.com", InvalidEmail::Domain),
            ("ann@exam_ple.com", InvalidEmail::Domain),
            ("ann@127.0.0.1", InvalidEmail::Domain),
            ("ann@[127.0.0.1]", InvalidEmail::Character),
            ("Ann <ann@example.com>", InvalidEmail::Character),
            ("\"ann\"@example.com", InvalidEmail::Character),
            ("ann@example.com,bob@example.com", InvalidEmail::Character),
            ("an n@example.com", InvalidEmail::Character),
            ("änn@example.com", InvalidEmail::Character),
            ("ann@bücher.example", InvalidEmail::Character),
            ("ann\0@example.com", InvalidEmail::Character),
        ] {
            assert_eq!(email(text), Err(expected), "{text:?}");
        }
        assert!(email("o'hara+{x}/y=z@xn--bcher-kva.example").is_ok());
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        let secret = "secret secret@example.com";

        assert!(!email(secret).unwrap_err().to_string().contains("secret"));
    }
}
