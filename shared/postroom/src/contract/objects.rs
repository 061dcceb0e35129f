//! What those promise who read and put objects.

use bytes::Bytes;
use jiff::Timestamp;

use crate::BoxFuture;
use crate::object::{ETag, ObjectKey};
use crate::port::{
    Downloads, ObjectError, Objects, Payloads, PermittedDownload, PermittedUpload, Pieces, Uploads,
};
use crate::verdict::{Classify, Verdict};

/// A bucket under test, empty, and somebody who has no rights there.
pub trait ObjectsUnderTest: Send + Sync {
    /// The adapter.
    fn objects(&self) -> &dyn Objects;

    /// Who keeps payloads in the same bucket.
    fn payloads(&self) -> &dyn Payloads;

    /// Who permits uploads to the same bucket.
    fn uploads(&self) -> &dyn Uploads;

    /// Who permits downloads from there.
    fn downloads(&self) -> &dyn Downloads;

    /// What time it is for the bucket.
    fn now(&self) -> Timestamp;

    /// Sends what was permitted with these headers, and answers whether it was accepted.
    fn upload<'a>(&'a self, permitted: &'a PermittedUpload, body: Bytes) -> BoxFuture<'a, bool>;

    /// Asks for what was permitted, and answers what came, if it was accepted: as a file to be saved under its name.
    fn download<'a>(&'a self, permitted: &'a PermittedDownload) -> BoxFuture<'a, Option<Bytes>>;
}

/// More than a few pieces, and no multiple of one.
const BYTES: usize = 5 * Pieces::MOST_BYTES + 12_345;

/// In pieces and at once.
pub async fn an_object_is_read_back_as_it_was_put(subject: &dyn ObjectsUnderTest) {
    let (key, body) = (key("a"), body(BYTES));

    let etag = subject.objects().put(&key, "text/csv", body.clone()).await.unwrap();

    let pieces = subject.objects().read(&key, &etag, 0).await.unwrap();
    assert!(whole(pieces).await == body);
    let at_once = subject.objects().read_range(&key, &etag, 0..length(&body)).await.unwrap();
    assert!(at_once == body);
}

/// It is read, and nothing comes of it.
pub async fn an_object_without_content_is_one(subject: &dyn ObjectsUnderTest) {
    let key = key("a");

    let etag = subject.objects().put(&key, "text/csv", Bytes::new()).await.unwrap();

    assert_eq!(whole(subject.objects().read(&key, &etag, 0).await.unwrap()).await, "");
    assert_eq!(subject.objects().read_range(&key, &etag, 0..10).await.unwrap(), "");
}

/// Behind the end there is nothing, which is no error: whoever goes on where a piece ended need not know where that is.
pub async fn reading_begins_anywhere(subject: &dyn ObjectsUnderTest) {
    let (key, body) = (key("a"), body(BYTES));
    let etag = subject.objects().put(&key, "text/csv", body.clone()).await.unwrap();

    for from in [1, Pieces::MOST_BYTES, BYTES - 1, BYTES] {
        let pieces = subject.objects().read(&key, &etag, from as u64).await.unwrap();
        assert!(whole(pieces).await == body.slice(from..), "from {from}");
    }
    let behind = subject.objects().read(&key, &etag, length(&body) + 1).await.unwrap();
    assert_eq!(whole(behind).await, "");
}

/// What is asked for behind the end is left out; a range of nothing is nothing.
pub async fn a_range_ends_with_its_object(subject: &dyn ObjectsUnderTest) {
    let key = key("a");
    let etag = subject.objects().put(&key, "text/csv", "0123456789".into()).await.unwrap();

    for (range, expected) in [
        (0..1, "0"),
        (3..7, "3456"),
        (9..10, "9"),
        (8..11, "89"),
        (10..11, ""),
        (20..30, ""),
        (4..4, ""),
    ] {
        let read = subject.objects().read_range(&key, &etag, range.clone()).await.unwrap();
        assert_eq!(read, expected, "{range:?}");
    }
}

/// The longest is read, one byte more is not.
pub async fn a_range_that_is_too_long_is_refused(subject: &dyn ObjectsUnderTest) {
    let (key, most) = (key("a"), <dyn Objects>::RANGE_BYTES);
    let etag = subject.objects().put(&key, "text/csv", "0123456789".into()).await.unwrap();

    assert_eq!(subject.objects().read_range(&key, &etag, 5..most + 5).await.unwrap(), "56789");
    let refused = subject.objects().read_range(&key, &etag, 5..most + 6).await.unwrap_err();

    assert!(matches!(refused, ObjectError::Refused { .. }), "{refused:?}");
}

/// Nothing in them is understood as anything else, and of two that differ each has its own content.
pub async fn keys_are_taken_as_they_are(subject: &dyn ObjectsUnderTest) {
    let longest = "k".repeat(1_024);
    let keys = [
        "a",
        "a/b",
        "a/b/c",
        "A",
        "a b",
        "a+b",
        "a%20b",
        "a%2Fb",
        "a?b=c&d",
        "a#b",
        "a\\b",
        "grüße/é",
        "e\u{301}",
        "é",
        "\u{1F4EE}",
        "a:b;c,d@e!$'()*~",
        "...",
        "\"<&>\"",
        &longest,
    ];

    let mut put = Vec::new();
    for key in keys {
        let key: ObjectKey = key.parse().unwrap();
        let body = Bytes::from(format!("of {key}"));
        let etag = subject.objects().put(&key, "text/plain", body.clone()).await.unwrap();
        put.push((key, etag, body));
    }

    for (key, etag, body) in put {
        let read = subject.objects().read_range(&key, &etag, 0..2_000).await.unwrap();
        assert_eq!(read, body, "{key}");
    }
}

/// Who reads on does not learn of it by an error that passes.
pub async fn what_is_not_there_is_missing(subject: &dyn ObjectsUnderTest) {
    let etag = subject.objects().put(&key("a"), "text/csv", "a".into()).await.unwrap();

    let read = subject.objects().read(&key("a/b"), &etag, 0).await.unwrap_err();
    let range = subject.objects().read_range(&key("b"), &etag, 0..1).await.unwrap_err();

    for error in [read, range] {
        assert!(matches!(error, ObjectError::Missing { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::Permanent);
    }
}

/// Whoever read a part of it reads no part of what came after.
pub async fn what_was_replaced_has_changed(subject: &dyn ObjectsUnderTest) {
    let key = key("a");
    let first = subject.objects().put(&key, "text/csv", "first".into()).await.unwrap();
    let second = subject.objects().put(&key, "text/csv", "second".into()).await.unwrap();

    let read = subject.objects().read(&key, &first, 0).await.unwrap_err();
    let range = subject.objects().read_range(&key, &first, 2..4).await.unwrap_err();

    assert_ne!(first, second);
    for error in [read, range] {
        assert!(matches!(error, ObjectError::Changed { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::Permanent);
    }
    assert_eq!(subject.objects().read_range(&key, &second, 2..4).await.unwrap(), "co");
    let unknown: ETag = "no-such-etag".parse().unwrap();
    assert!(subject.objects().read(&key, &unknown, 0).await.is_err());
}

pub(super) fn key(name: &str) -> ObjectKey {
    format!("contract/{name}").parse().unwrap()
}

pub(super) async fn whole(mut pieces: Pieces) -> Bytes {
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await.unwrap() {
        whole.extend_from_slice(&piece);
    }
    whole.into()
}

/// Bytes none of whose stretches are alike.
fn body(bytes: usize) -> Bytes {
    let numbers = (0_u32..).flat_map(u32::to_le_bytes);
    numbers.take(bytes).collect()
}

fn length(body: &Bytes) -> u64 {
    u64::try_from(body.len()).unwrap()
}
