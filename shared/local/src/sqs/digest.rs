//! The MD5 digests by which SDKs check that a message arrived as it was sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest as _, Md5};

use super::message::{AttributeValue, MessageAttribute};

pub(crate) fn md5_of_body(body: &str) -> String {
    hex(&Md5::digest(body.as_bytes()))
}

/// The deduplication id that the content of a message stands for.
pub(crate) fn sha256_of_body(body: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref())
}

/// The digest of message attributes; `None` when there are none.
///
/// Over the names in order, each as: name, data type, a byte that says whether the value is text
/// (1) or binary (2), value; every part but that byte is preceded by its length, big-endian.
pub(crate) fn md5_of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        let (transport, value): (u8, &[u8]) = match &attribute.value {
            AttributeValue::Text(text) => (1, text.as_bytes()),
            AttributeValue::Binary(bytes) => (2, bytes),
        };
        update_with_length(&mut digest, name.as_bytes());
        update_with_length(&mut digest, attribute.data_type.as_bytes());
        digest.update([transport]);
        update_with_length(&mut digest, value);
    }
    Some(hex(&digest.finalize()))
}

fn update_with_length(digest: &mut Md5, bytes: &[u8]) {
    // No part is longer than a message, 1 MiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_body_is_its_md5() {
        let digest = md5_of_body("hello");

        assert_eq!(digest, "5d41402abc4b2a76b9719d911017c592");
    }

    // Computed elsewhere: the tests of moto and of LocalStack expect this value of SQS.
    #[test]
    fn the_digest_of_an_attribute_is_the_one_that_other_implementations_expect() {
        let timestamp = MessageAttribute::text("Number", "1493147359900");

        let digest = md5_of_attributes(&[("timestamp".to_owned(), timestamp)].into());

        assert_eq!(digest.as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    }

    #[test]
    fn the_digest_of_attributes_covers_name_type_kind_and_value_in_the_order_of_names() {
        let text = MessageAttribute::text("String", "x");
        let binary = MessageAttribute {
            data_type: "Binary".to_owned(),
            value: AttributeValue::Binary(vec![1, 2]),
        };
        let attributes = [("t".to_owned(), text), ("b".to_owned(), binary)].into();

        let digest = md5_of_attributes(&attributes);

        assert_eq!(digest.as_deref(), Some("f29e1507d6bc67777f7ee06ddd2fe1a9"));
    }
}
