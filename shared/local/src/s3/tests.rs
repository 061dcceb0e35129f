//! Buckets without HTTP: what they keep, and whom they tell.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use s3s::Body;
use serde_json::Value;

use super::bucket::About;
use super::*;
use crate::template::BucketNotice;

const BUCKET: &str = "local-things";

struct Bench {
    s3: S3,
    sqs: Sqs,
}

impl Bench {
    fn in_folder(folder: &Path) -> Self {
        Self::start(Some(folder))
    }

    fn start(folder: Option<&Path>) -> Self {
        let sqs = Sqs::new();
        sqs.create_queue("told", &[].into()).unwrap();
        let s3 = S3::start(folder, sqs.clone()).unwrap();
        let notice = BucketNotice {
            queue: "told".to_owned(),
            prefix: "imports/".to_owned(),
            suffix: ".csv".to_owned(),
        };
        let (name, notices) = (BUCKET.to_owned(), vec![notice]);
        s3.create_bucket(&template::Bucket { name, notices }).unwrap();
        Self { s3, sqs }
    }

    async fn put(&self, key: &str, body: &str) -> Object {
        let uploaded = self.s3.receive(BUCKET, Body::from(body.to_owned())).await;
        let about = About::default();
        self.s3.put(BUCKET, key, uploaded.unwrap().unwrap(), about).unwrap().unwrap()
    }

    fn read(&self, key: &str) -> Option<String> {
        let (_, mut file) = self.s3.open(BUCKET, key).unwrap().unwrap()?;
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        Some(text)
    }

    async fn told(&self) -> Vec<Value> {
        let received = self.sqs.receive("told", 10, Duration::ZERO).await.unwrap();
        received.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("s3").join(BUCKET)).unwrap().count()
}

#[tokio::test]
async fn a_new_bucket_tries_its_queue_and_tells_what_it_is_asked_to_tell() {
    let bench = Bench::start(None);

    for key in ["imports/a b.csv", "imports/a.txt", "exports/a.csv"] {
        bench.put(key, "a,b\n").await;
    }

    let told = bench.told().await;
    let [trial, created] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&trial["Event"], &trial["Bucket"]), (&"s3:TestEvent".into(), &BUCKET.into()));
    let about = &created["Records"][0]["s3"];
    assert_eq!(about["bucket"]["name"], BUCKET);
    let object = &about["object"];
    assert_eq!((&object["key"], &object["size"]), (&"imports/a+b.csv".into(), &4.into()));
    // By `md5sum`.
    assert_eq!(object["eTag"], "f69f5b72bc79a92dc70c63c9aa142e36");
}

#[tokio::test]
async fn what_is_put_later_has_the_greater_sequencer() {
    let bench = Bench::start(None);

    let sequencers =
        [bench.put("a", "1").await, bench.put("a", "1").await, bench.put("b", "1").await];

    assert!(sequencers.is_sorted_by(|one, next| one.sequencer < next.sequencer), "{sequencers:?}");
}

#[tokio::test]
async fn whoever_reads_an_object_that_is_replaced_or_deleted_reads_it_to_its_end() {
    let bench = Bench::start(None);
    bench.put("a", "first").await;
    let (object, mut open) = bench.s3.open(BUCKET, "a").unwrap().unwrap().unwrap();

    bench.put("a", "second").await;
    bench.s3.delete(BUCKET, "a").unwrap().unwrap();

    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), object.size_bytes), ("first", 5));
    assert_eq!(bench.read("a"), None);
}

#[tokio::test]
async fn a_kept_bucket_is_found_as_it_was_and_tries_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    let longest = "k".repeat(1_024);
    let first = Bench::in_folder(folder.path());
    for (key, body) in
        [("a", "1"), ("a", "2"), ("a/b", "3"), (longest.as_str(), "4"), ("gone", "5")]
    {
        first.put(key, body).await;
    }
    first.s3.delete(BUCKET, "gone").unwrap().unwrap();
    let last = first.put("last", "6").await;
    // What a kill leaves of puts that were under way.
    let unfinished = folder.path().join("s3").join(BUCKET);
    std::fs::write(unfinished.join("unfinished-1"), "x").unwrap();
    std::fs::write(unfinished.join("0000000000000001"), "x").unwrap();
    drop(first);

    let again = Bench::in_folder(folder.path());

    assert_eq!(again.told().await, Vec::<Value>::new());
    let found = ["a", "a/b", &longest, "gone", "last"].map(|key| again.read(key));
    assert_eq!(
        found,
        [Some("2"), Some("3"), Some("4"), None, Some("6")].map(|found| found.map(str::to_owned))
    );
    assert_eq!(files(folder.path()), 2 * 4);
    assert!(again.put("later", "7").await.sequencer > last.sequencer);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path());
    let parts = [Ok(bytes::Bytes::from("half")), Err(std::io::Error::other("the sender is gone"))];
    let broken = s3s::dto::StreamingBlob::wrap(futures_util::stream::iter(parts));

    let received = bench.s3.receive(BUCKET, Body::from(broken)).await.unwrap();

    assert!(matches!(received, Err(S3Error::Body { .. })), "{received:?}");
    assert_eq!(files(folder.path()), 0);
}

#[test]
fn a_system_that_keeps_nothing_leaves_no_folder() {
    let bench = Bench::start(None);
    let folder = bench.s3.shared.folder.clone();
    assert!(folder.join(BUCKET).exists());

    drop(bench);

    assert!(!folder.exists());
}
