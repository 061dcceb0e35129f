//! What those promise who keep payloads.

use bytes::Bytes;

use crate::contract::objects::{ObjectsUnderTest, key};
use crate::port::ObjectError;
use crate::verdict::{Classify, Verdict};

/// As large as payloads get.
const BYTES: usize = crate::ClaimChecks::MAX_BYTES;

/// The largest, too.
pub async fn a_payload_is_read_back_as_it_was_put(subject: &dyn ObjectsUnderTest) {
    let (key, body) = (key("a"), Bytes::from(vec![b'7'; BYTES]));

    subject.payloads().put_payload(&key, body.clone()).await.unwrap();

    let read = subject.payloads().get_payload(&key, BYTES as u64 + 1).await.unwrap();
    assert!(read == body, "{} bytes", read.len());
}

/// Whoever asks for a byte more than there should be learns whether there is one.
pub async fn of_a_payload_as_much_is_read_as_is_asked_for(subject: &dyn ObjectsUnderTest) {
    let (a, empty) = (key("a"), key("empty"));
    subject.payloads().put_payload(&a, "0123456789".into()).await.unwrap();
    subject.payloads().put_payload(&empty, Bytes::new()).await.unwrap();

    for (at_most, expected) in
        [(0, ""), (1, "0"), (9, "012345678"), (10, "0123456789"), (11, "0123456789")]
    {
        assert_eq!(
            subject.payloads().get_payload(&a, at_most).await.unwrap(),
            expected,
            "{at_most}"
        );
    }
    assert_eq!(subject.payloads().get_payload(&empty, 10).await.unwrap(), "");
}

/// Whoever reads meanwhile finds one of the two.
pub async fn a_payload_that_is_put_twice_is_there_once(subject: &dyn ObjectsUnderTest) {
    let key = key("a");

    for body in ["same", "same", "other"] {
        subject.payloads().put_payload(&key, body.into()).await.unwrap();
        assert_eq!(subject.payloads().get_payload(&key, 10).await.unwrap(), body);
    }
}

/// For good: what was put is seen by all who then look.
pub async fn a_payload_that_is_not_there_is_missing(subject: &dyn ObjectsUnderTest) {
    let error = subject.payloads().get_payload(&key("a"), 10).await.unwrap_err();

    assert!(matches!(error, ObjectError::Missing { .. }), "{error:?}");
    assert_eq!(error.verdict(), Verdict::Permanent);
}
