//! What those promise who put objects in parts.

use std::iter::zip;

use bytes::Bytes;

use crate::contract::objects::{ObjectsUnderTest, key, whole};
use crate::object::{ETag, ObjectKey};
use crate::object_writer::ObjectWriter;
use crate::port::{ObjectError, Objects};
use crate::verdict::{Classify, Verdict};

const PART: usize = <dyn Objects>::PART_BYTES;

/// Whatever pieces it is written in; no part, one, and more, each on both sides of its end.
pub async fn what_is_written_is_read_back(subject: &dyn ObjectsUnderTest) {
    for (bytes, piece) in [
        (0, 1),
        (1, 1),
        (PART, PART),
        (PART + 1, 700_001),
        (2 * PART, 3 * PART),
        (2 * PART + 7, PART - 1),
    ] {
        let (key, body) = (key("written"), body(0, bytes));
        let mut writer = ObjectWriter::new(subject.objects(), &key, "text/csv");

        for piece in body.chunks(piece) {
            writer.write(piece).await.unwrap();
        }
        assert_eq!(writer.written_bytes(), bytes as u64);
        let etag = writer.finish().await.unwrap();

        let pieces = subject.objects().read(&key, &etag, 0).await.unwrap();
        assert!(whole(pieces).await == body, "{bytes} bytes in pieces of {piece}");
    }
}

/// Neither of an object that was not there, nor in the place of one that was.
pub async fn nobody_meets_what_is_not_finished(subject: &dyn ObjectsUnderTest) {
    let (key, objects) = (key("half"), subject.objects());
    let before = objects.put(&key, "text/csv", "before".into()).await.unwrap();
    let mut writer = ObjectWriter::new(objects, &key, "text/csv");

    writer.write(&body(0, 2 * PART + 1)).await.unwrap();
    assert_eq!(objects.read_range(&key, &before, 0..100).await.unwrap(), "before");
    let after = writer.finish().await.unwrap();

    let read = objects.read_range(&key, &before, 0..100).await;
    assert!(matches!(read, Err(ObjectError::Changed { .. })), "{read:?}");
    assert_eq!(objects.read_range(&key, &after, 0..4).await.unwrap(), body(0, 4));
}

/// It cannot be completed any more, and what was there is there; twice is harmless.
pub async fn what_is_aborted_never_was(subject: &dyn ObjectsUnderTest) {
    let (key, objects) = (key("aborted"), subject.objects());
    let before = objects.put(&key, "text/csv", "before".into()).await.unwrap();
    let upload = objects.begin(&key, "text/csv").await.unwrap();
    let part = objects.put_part(&key, &upload, 1, "after".into()).await.unwrap();

    for _ in 0..2 {
        objects.abort(&key, &upload).await.unwrap();
    }

    let completed = objects.complete(&key, &upload, &[part]).await.unwrap_err();
    assert_eq!(completed.verdict(), Verdict::RETRY, "{completed:?}");
    let late = objects.put_part(&key, &upload, 2, "later".into()).await.unwrap_err();
    assert_eq!(late.verdict(), Verdict::RETRY, "{late:?}");
    assert_eq!(objects.read_range(&key, &before, 0..100).await.unwrap(), "before");
}

/// In the order of their numbers, whenever they came; the last of a number counts, and others are of no consequence.
pub async fn parts_are_joined_by_their_numbers(subject: &dyn ObjectsUnderTest) {
    let (key, objects) = (key("joined"), subject.objects());
    let (first, second) = (body(1, PART), body(2, PART));
    let upload = objects.begin(&key, "text/csv").await.unwrap();

    put_part(subject, &key, &upload, 3, "end".into()).await;
    put_part(subject, &key, &upload, 2, "replaced".into()).await;
    let mut parts = Vec::new();
    for (number, part) in [(1, first.clone()), (2, second.clone()), (3, "end".into())] {
        parts.push(put_part(subject, &key, &upload, number, part).await);
    }
    put_part(subject, &key, &upload, 4, "not named".into()).await;
    let etag = objects.complete(&key, &upload, &parts).await.unwrap();

    let read = whole(objects.read(&key, &etag, 0).await.unwrap()).await;
    assert!(read == [&first[..], &second, b"end"].concat());
}

/// What is no whole object is none: a part too small that is not the last, one that is another, none at all.
pub async fn what_does_not_fit_together_is_refused(subject: &dyn ObjectsUnderTest) {
    let (key, objects) = (key("refused"), subject.objects());
    let bodies = [body(1, PART - 1), body(2, PART)];
    let upload = objects.begin(&key, "text/csv").await.unwrap();
    let mut parts = Vec::new();
    for (number, part) in zip(1.., bodies) {
        parts.push(put_part(subject, &key, &upload, number, part).await);
    }

    let another: ETag = "00000000000000000000000000000000".parse().unwrap();
    for named in [&parts[..], &[parts[0].clone(), another], &[]] {
        let refused = objects.complete(&key, &upload, named).await.unwrap_err();
        assert!(matches!(refused, ObjectError::Refused { .. }), "{refused:?}");
    }

    // Nothing came of it: the upload is there, and can be made whole.
    parts[0] = put_part(subject, &key, &upload, 1, body(1, PART)).await;
    objects.complete(&key, &upload, &parts).await.unwrap();
}

async fn put_part(
    subject: &dyn ObjectsUnderTest,
    key: &ObjectKey,
    upload: &crate::port::UploadId,
    number: u16,
    body: Bytes,
) -> ETag {
    subject.objects().put_part(key, upload, number, body).await.unwrap()
}

/// Bytes none of whose stretches are alike, and no two bodies of different seeds.
fn body(seed: u32, bytes: usize) -> Bytes {
    let numbers = (0_u32..).flat_map(|number| (number ^ (seed << 28)).to_le_bytes());
    numbers.take(bytes).collect()
}
