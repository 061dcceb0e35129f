//! Objects on S3, over the bucket of the template.

use bytes::Bytes;
use jiff::Timestamp;
use postroom::contract::objects::ObjectsUnderTest;
use postroom::port::{
    Downloads, ObjectError, Objects, Payloads, PermittedDownload, PermittedUpload, Uploads,
};
use postroom::{BoxFuture, Classify, Clock, ObjectWriter, SystemClock, Verdict};
use postroom_aws::{Env, S3Objects};
use serde_json::json;

use crate::endpoint::Endpoint;

struct OnS3 {
    objects: S3Objects,
    endpoint: Endpoint,
}

async fn on_s3() -> OnS3 {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let objects = endpoint.aws.objects(&mut endpoint.env);
    endpoint.env.check().unwrap();
    OnS3 { objects, endpoint }
}

impl AsRef<dyn ObjectsUnderTest> for OnS3 {
    fn as_ref(&self) -> &(dyn ObjectsUnderTest + 'static) {
        self
    }
}

impl ObjectsUnderTest for OnS3 {
    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    fn payloads(&self) -> &dyn Payloads {
        &self.objects
    }

    fn uploads(&self) -> &dyn Uploads {
        &self.objects
    }

    fn downloads(&self) -> &dyn Downloads {
        &self.objects
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn upload<'a>(&'a self, permitted: &'a PermittedUpload, body: Bytes) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let mut put = reqwest::Client::new().put(&permitted.url);
            for (name, value) in &permitted.headers {
                // Any client sends the length that its body has.
                if name != "content-length" {
                    put = put.header(name, value);
                }
            }
            let answer = put.body(body).send().await.unwrap();
            assert!(matches!(answer.status().as_u16(), 200 | 403), "{answer:?}");
            answer.status().is_success()
        })
    }

    fn download<'a>(&'a self, permitted: &'a PermittedDownload) -> BoxFuture<'a, Option<Bytes>> {
        Box::pin(async move {
            let answer = reqwest::get(&permitted.url).await.unwrap();
            assert!(matches!(answer.status().as_u16(), 200 | 403), "{answer:?}");
            if !answer.status().is_success() {
                return None;
            }
            let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header("content-type"), Some("text/csv"));
            let as_file = Some("attachment; filename=\"report-1.csv\"");
            assert_eq!(header("content-disposition"), as_file);
            Some(answer.bytes().await.unwrap())
        })
    }
}

postroom::objects_contract!(on_s3);

#[tokio::test]
async fn what_passes_is_tried_again_and_what_is_refused_is_not() {
    let on_s3 = on_s3().await;
    let key = "a".parse().unwrap();
    let etag = on_s3.objects.put(&key, "text/plain", "abc".into()).await.unwrap();

    on_s3.endpoint.fault("s3.GetObject", 2, json!({"status": 503})).await;
    assert_eq!(on_s3.objects.read_range(&key, &etag, 0..3).await.unwrap(), "abc");
    assert_eq!(on_s3.endpoint.calls("s3.GetObject").await, 3);

    for (status, calls, verdict) in [(503, 3, Verdict::RETRY), (403, 1, Verdict::Permanent)] {
        on_s3.endpoint.fault("s3.GetObject", calls, json!({"status": status})).await;
        let before = on_s3.endpoint.calls("s3.GetObject").await;
        let error = on_s3.objects.read(&key, &etag, 0).await.unwrap_err();
        assert_eq!(
            (error.verdict(), on_s3.endpoint.calls("s3.GetObject").await - before),
            (verdict, calls)
        );
    }
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_put_again() {
    let on_s3 = on_s3().await;
    let key = "a".parse().unwrap();
    on_s3.endpoint.fault("s3.PutObject", 1, json!({"drop_response": true})).await;

    let etag = on_s3.objects.put(&key, "text/plain", "abc".into()).await.unwrap();

    assert_eq!(on_s3.endpoint.calls("s3.PutObject").await, 2);
    assert_eq!(on_s3.objects.read_range(&key, &etag, 0..3).await.unwrap(), "abc");
}

#[tokio::test]
async fn a_part_that_fails_for_good_leaves_no_upload_behind() {
    let on_s3 = on_s3().await;
    let key = "a".parse().unwrap();
    let mut writer = ObjectWriter::new(&on_s3.objects, &key, "text/csv");
    on_s3.endpoint.fault("s3.UploadPart", 3, json!({"status": 503})).await;

    let failed = writer.write(&vec![7; 11 * 1024 * 1024]).await.unwrap_err();

    assert_eq!(failed.verdict(), Verdict::RETRY);
    assert_eq!(on_s3.endpoint.calls("s3.AbortMultipartUpload").await, 1);
    // What is written by the same writer again is all of another object.
    writer.write(b"abc").await.unwrap();
    let etag = writer.finish().await.unwrap();
    assert_eq!(on_s3.objects.read_range(&key, &etag, 0..9).await.unwrap(), "abc");
}

#[tokio::test]
async fn an_upload_whose_completion_was_not_answered_may_be_begun_again() {
    let on_s3 = on_s3().await;
    let key = "a".parse().unwrap();
    on_s3.endpoint.fault("s3.CompleteMultipartUpload", 1, json!({"drop_response": true})).await;
    let body = vec![7; 6 * 1024 * 1024];

    let mut writer = ObjectWriter::new(&on_s3.objects, &key, "text/csv");
    writer.write(&body).await.unwrap();
    // It was completed, and is asked to be once more: nobody knows by then what became of it.
    let failed = writer.finish().await.unwrap_err();
    let mut again = ObjectWriter::new(&on_s3.objects, &key, "text/csv");
    again.write(&body).await.unwrap();
    let etag = again.finish().await.unwrap();

    assert_eq!(failed.verdict(), Verdict::RETRY);
    assert_eq!(on_s3.objects.read_range(&key, &etag, 6_291_455..6_291_457).await.unwrap(), [7][..]);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_missing_object() {
    let on_s3 = on_s3().await;
    let mut env = Env::of([("OBJECTS_BUCKET", "nobody-made-this")]);
    let elsewhere = on_s3.endpoint.aws.objects(&mut env);

    let read = elsewhere.read(&"a".parse().unwrap(), &"e".parse().unwrap(), 0).await.unwrap_err();

    assert!(matches!(read, ObjectError::Refused { .. }), "{read:?}");
}
