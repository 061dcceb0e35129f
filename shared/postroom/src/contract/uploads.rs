//! What those promise who let others put objects.

use std::time::Duration;

use bytes::Bytes;

use crate::clock::later;
use crate::contract::objects::{ObjectsUnderTest, key};
use crate::port::{ObjectError, Upload, Uploads};

const BODY: &str = "email,name\nann@example.org,Ann\n";

/// With what was permitted and nothing else; as often as one likes, while it lasts.
pub async fn a_permitted_upload_arrives(subject: &dyn ObjectsUnderTest) {
    let upload = upload(subject, "a b+c/größe.csv");

    let permitted = subject.uploads().permit(&upload).await.unwrap();

    assert_eq!(permitted.headers.get("content-type").map(String::as_str), Some("text/csv"));
    for _ in 0..2 {
        assert!(subject.upload(&permitted, BODY.into()).await);
    }
    let etag = subject.objects().put(&key("same"), "text/csv", BODY.into()).await.unwrap();
    assert_eq!(subject.objects().read_range(&upload.key, &etag, 0..100).await.unwrap(), BODY);
}

/// Another length, another type, another place.
pub async fn what_is_not_what_was_permitted_does_not_arrive(subject: &dyn ObjectsUnderTest) {
    let upload = upload(subject, "a.csv");
    let permitted = subject.uploads().permit(&upload).await.unwrap();

    for other in [&BODY[1..], &format!("{BODY}\n"), ""] {
        assert!(!subject.upload(&permitted, Bytes::from(other.to_owned())).await, "{other:?}");
    }
    let mut typed = permitted.clone();
    typed.headers.insert("content-type".to_owned(), "text/html".to_owned());
    assert!(!subject.upload(&typed, BODY.into()).await);
    let mut untyped = permitted.clone();
    untyped.headers.remove("content-type");
    assert!(!subject.upload(&untyped, BODY.into()).await);
    let mut elsewhere = permitted.clone();
    elsewhere.url = elsewhere.url.replace("a.csv", "b.csv");
    assert!(!subject.upload(&elsewhere, BODY.into()).await);

    let etag = subject.objects().put(&key("same"), "text/csv", BODY.into()).await.unwrap();
    let read = subject.objects().read(&upload.key, &etag, 0).await;
    assert!(matches!(read, Err(ObjectError::Missing { .. })), "{read:?}");
}

/// One second before its end it arrives, and one behind it does not.
pub async fn a_permission_ends(subject: &dyn ObjectsUnderTest) {
    let minute = Duration::from_mins(1);
    for (ago, arrives) in [(Duration::from_secs(30), true), (Duration::from_secs(61), false)] {
        let at = subject.now().checked_sub(ago).unwrap();
        let upload = Upload { at, lasts: minute, ..upload(subject, "a.csv") };

        let permitted = subject.uploads().permit(&upload).await.unwrap();

        assert_eq!(subject.upload(&permitted, BODY.into()).await, arrives, "{ago:?} ago");
        assert_eq!(later(at, minute) > subject.now(), arrives);
    }
}

/// Longer than permissions last, or of a type that cannot be said.
pub async fn what_cannot_be_permitted_is_refused(subject: &dyn ObjectsUnderTest) {
    let good = upload(subject, "a.csv");
    let typed =
        |content_type: &str| Upload { content_type: content_type.to_owned(), ..good.clone() };
    let lasting = |lasts| Upload { lasts, ..good.clone() };
    let longest = <dyn Uploads>::LONGEST;

    subject.uploads().permit(&lasting(longest)).await.unwrap();
    let second = Duration::from_secs(1);
    for other in [
        typed(""),
        typed("text/csv\r\nx-evil: 1"),
        typed("größe"),
        lasting(longest + second),
        lasting(Duration::ZERO),
    ] {
        let refused = subject.uploads().permit(&other).await.unwrap_err();
        assert!(matches!(refused, ObjectError::Refused { .. }), "{refused:?}");
    }
}

fn upload(subject: &dyn ObjectsUnderTest, name: &str) -> Upload {
    Upload {
        key: key(name),
        content_type: "text/csv".to_owned(),
        size_bytes: BODY.len() as u64,
        at: subject.now(),
        lasts: Duration::from_mins(15),
    }
}
