//! Stripe's signature of a webhook: the header `Stripe-Signature`, scheme `v1`.
//!
//! ```text
//! Stripe-Signature: t=1763717400,v1=5257a869e7…,v1=b1a9f2d310…
//! ```
//! `t` is when it was signed, in seconds since 1970; each `v1` is, in hexadecimal, the HMAC-SHA256 of `t`, a full stop and the
//! body as it was sent, byte for byte, under one of the endpoint's secrets: of several while a secret is being rolled.
//! Other schemes stand for nothing here.
// <https://docs.stripe.com/webhooks#verify-manually>, named from memory 2026-11-22.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use postroom::SecretText;
use sha2::Sha256;

const DIGEST_BYTES: usize = 32;
/// The most signatures that one header may have. Stripe sends one for each secret that is in force.
const MOST_DIGESTS: usize = 16;
/// The most digits of a time: with twelve it is the year 33658.
const MOST_DIGITS: usize = 12;

/// A signature that was read, and not yet compared with anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// As it was sent, as so it was signed: digits.
    signed_at: String,
    digests: Vec<[u8; DIGEST_BYTES]>,
}

/// A header that is no signature. Permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// There is none.
    #[error("the header `Stripe-Signature` is missing")]
    Missing,
    /// There is more than one: whom to believe?
    #[error("the header `Stripe-Signature` is there more than once")]
    Repeated,
    /// It is not of the form above.
    #[error("the header `Stripe-Signature` has no {missing}")]
    Malformed { missing: &'static str },
}

impl Signature {
    /// The header's name, as HTTP/2 has it.
    pub const HEADER: &'static str = "stripe-signature";
    /// How far the signer's clock, and the way to here, may be from ours, before or behind.
    pub const TOLERANCE: Duration = Duration::from_mins(5);

    /// Reads the values of the header, of which there has to be one.
    ///
    /// # Errors
    /// [`InvalidSignature`]; what was sent is not in it.
    pub fn read<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, InvalidSignature> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(InvalidSignature::Missing)?;
        if values.next().is_some() {
            return Err(InvalidSignature::Repeated);
        }
        let malformed = |missing| InvalidSignature::Malformed { missing };
        let text = std::str::from_utf8(value).map_err(|_| malformed("plain text"))?;
        let (mut signed_at, mut digests) = (None, Vec::new());
        for part in text.split(',') {
            match part.trim().split_once('=') {
                // The gateway joins two headers of one name to one.
                Some(("t", _)) if signed_at.is_some() => return Err(InvalidSignature::Repeated),
                Some(("t", time)) => signed_at = Some(time),
                Some(("v1", digest)) => digests.push(
                    digest_of(digest).ok_or_else(|| malformed("`v1` of 64 hexadecimal digits"))?,
                ),
                Some(_) => {}
                None => return Err(malformed("list of `name=value`")),
            }
        }
        let is_time = |time: &&str| {
            (1..=MOST_DIGITS).contains(&time.len())
                && time.bytes().all(|byte| byte.is_ascii_digit())
        };
        let signed_at = signed_at.filter(is_time).ok_or_else(|| malformed("`t` of seconds"))?;
        match digests.len() {
            0 => Err(malformed("`v1`")),
            1..=MOST_DIGESTS => Ok(Self { signed_at: signed_at.to_owned(), digests }),
            _ => Err(malformed("bound to its `v1`")),
        }
    }

    /// Whether it was made at a time that is near enough.
    pub fn is_of(&self, now: Timestamp) -> bool {
        // At most twelve digits.
        let signed_at = self.signed_at.parse::<i64>().unwrap_or(i64::MIN);
        now.as_second().abs_diff(signed_at) <= Self::TOLERANCE.as_secs()
    }

    /// Whether it is what whoever has this secret makes of this body. How long that takes says nothing of how near it comes.
    pub fn fits(&self, secret: &SecretText, body: &[u8]) -> bool {
        // Any length of a key will do.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
            return false;
        };
        let mac = mac.chain_update(&self.signed_at).chain_update(b".").chain_update(body);
        self.digests.iter().any(|digest| mac.clone().verify_slice(digest).is_ok())
    }
}

fn digest_of(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    let text: &[u8; 2 * DIGEST_BYTES] = text.as_bytes().try_into().ok()?;
    let mut digest = [0; DIGEST_BYTES];
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |index: usize| char::from(pair[index]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = b"{\"id\": \"evt_1\", \"name\": \"\xff\"}";
    const AT: i64 = 1_763_717_400;
    /// Of the three above, by Python's `hmac`.
    const DIGEST: &str = "b3c99c94d15cac16cf824f934b2a59aa2bd50dcb529ed41ad8eee2a9dfbc6227";

    fn secret(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    fn header(at: i64, digests: &[&str]) -> String {
        let signatures = digests.iter().map(|digest| format!("v1={digest}"));
        [format!("t={at}")].into_iter().chain(signatures).collect::<Vec<_>>().join(",")
    }

    fn read(value: &str) -> Result<Signature, InvalidSignature> {
        Signature::read([value.as_bytes()])
    }

    fn fits(value: &str, key: &str, body: &[u8]) -> bool {
        read(value).unwrap().fits(&secret(key), body)
    }

    #[test]
    fn a_signature_fits_the_body_the_time_and_the_secret_it_was_made_of() {
        assert!(fits(&header(AT, &[DIGEST]), SECRET, BODY));
        assert!(fits(&header(AT, &[&DIGEST.to_uppercase()]), SECRET, BODY));
    }

    #[test]
    fn a_changed_bit_anywhere_in_the_body_fits_no_longer() {
        for index in 0..BODY.len() {
            let mut changed = BODY.to_vec();
            changed[index] ^= 1;
            assert!(!fits(&header(AT, &[DIGEST]), SECRET, &changed), "byte {index}");
        }
        // As whoever repairs the text first would have it.
        let repaired = String::from_utf8_lossy(BODY);
        assert!(!fits(&header(AT, &[DIGEST]), SECRET, repaired.as_bytes()));
        assert!(!fits(&header(AT, &[DIGEST]), SECRET, &[BODY, b" "].concat()));
        assert!(!fits(&header(AT, &[DIGEST]), SECRET, b""));
    }

    #[test]
    fn a_changed_digit_anywhere_in_the_signature_fits_no_longer() {
        for index in 0..DIGEST.len() {
            let mut changed = DIGEST.as_bytes().to_vec();
            changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!fits(&header(AT, &[&changed]), SECRET, BODY), "digit {index}");
        }
    }

    #[test]
    fn another_time_or_another_spelling_of_it_fits_no_longer() {
        assert!(!fits(&header(AT + 1, &[DIGEST]), SECRET, BODY));
        assert!(!fits(&format!("t=0{AT},v1={DIGEST}"), SECRET, BODY));
    }

    #[test]
    fn another_secret_or_none_fits_no_longer() {
        for other in ["", "whsec_", &SECRET[..SECRET.len() - 1], "whsec_other"] {
            assert!(!fits(&header(AT, &[DIGEST]), other, BODY), "{other:?}");
        }
    }

    #[test]
    fn one_of_several_signatures_is_enough_wherever_it_stands() {
        let others = ["0".repeat(64), "f".repeat(64)];
        let [one, other] = [others[0].as_str(), others[1].as_str()];

        for digests in [[DIGEST, one, other], [one, DIGEST, other], [one, other, DIGEST]] {
            assert!(fits(&header(AT, &digests), SECRET, BODY), "{digests:?}");
        }
        assert!(!fits(&header(AT, &[one, other]), SECRET, BODY));
    }

    #[test]
    fn a_signature_of_another_scheme_counts_for_nothing() {
        assert!(fits(&format!("t={AT},v0=x,v1={DIGEST},v2="), SECRET, BODY));
        let none = read(&format!("t={AT},v0={DIGEST}"));
        assert_eq!(none, Err(InvalidSignature::Malformed { missing: "`v1`" }));
    }

    #[test]
    fn a_signature_holds_for_five_minutes_before_and_behind_our_clock() {
        let signature = read(&header(AT, &[DIGEST])).unwrap();
        let at = |second: i64| Timestamp::from_second(AT + second).unwrap();

        for (seconds, holds) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)]
        {
            assert_eq!(signature.is_of(at(seconds)), holds, "{seconds} s");
        }
        assert!(!read(&header(0, &[DIGEST])).unwrap().is_of(at(0)));
        assert!(!read(&header(999_999_999_999, &[DIGEST])).unwrap().is_of(at(0)));
    }

    #[test]
    fn what_is_no_signature_is_told_what_it_lacks() {
        let missing = |value: &str| match read(value) {
            Err(InvalidSignature::Malformed { missing }) => missing,
            other => panic!("{value:?} reads as {other:?}"),
        };
        for (value, lacks) in [
            ("", "list of `name=value`"),
            ("signed", "list of `name=value`"),
            (&header(AT, &[]), "`v1`"),
            (&format!("v1={DIGEST}"), "`t` of seconds"),
            (&format!("t=,v1={DIGEST}"), "`t` of seconds"),
            (&format!("t=-5,v1={DIGEST}"), "`t` of seconds"),
            (&format!("t=+5,v1={DIGEST}"), "`t` of seconds"),
            (&format!("t=1e9,v1={DIGEST}"), "`t` of seconds"),
            (&format!("t=1234567890123,v1={DIGEST}"), "`t` of seconds"),
            (&header(AT, &[&DIGEST[1..]]), "`v1` of 64 hexadecimal digits"),
            (&header(AT, &[&format!("g{}", &DIGEST[1..])]), "`v1` of 64 hexadecimal digits"),
            (&header(AT, &[&"é".repeat(32)]), "`v1` of 64 hexadecimal digits"),
            (&header(AT, &[DIGEST; 17]), "bound to its `v1`"),
        ] {
            assert_eq!(missing(value), lacks, "{value}");
        }
        assert!(read(&header(AT, &[DIGEST; 16])).is_ok());
        let bytes = Signature::read([b"t=1,v1=\xff".as_slice()]);
        assert_eq!(bytes, Err(InvalidSignature::Malformed { missing: "plain text" }));
    }

    #[test]
    fn a_header_that_is_not_there_or_there_twice_is_no_signature() {
        let one = header(AT, &[DIGEST]);

        assert_eq!(Signature::read([]), Err(InvalidSignature::Missing));
        let twice = Signature::read([one.as_bytes(), one.as_bytes()]);
        assert_eq!(twice, Err(InvalidSignature::Repeated));
        assert_eq!(read(&format!("{one},{one}")), Err(InvalidSignature::Repeated));
    }
}
