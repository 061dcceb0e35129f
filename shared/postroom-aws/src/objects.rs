//! Objects on S3.

use std::error::Error;
use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use postroom::port::{ObjectError, Objects, Payloads, Pieces, UploadId};
use postroom::{BoxFuture, ETag, ObjectKey};
use tokio::time::timeout;

use crate::classify::{Failed, failed};

/// How long S3 may be silent in the midst of an object. The time-out of an attempt ends with the head of its answer.
const SILENCE: Duration = Duration::from_secs(10);
/// How long an attempt to send a part may take, or to complete an upload, which S3 does while its caller waits.
const PART_TIMEOUT: Duration = Duration::from_secs(20);
const NO_SUCH_UPLOAD: &str = "NoSuchUpload";

/// The objects of one bucket, and permissions to put and to read some.
///
/// Of an object that is not there S3 tells only who may list the bucket (`s3:ListBucket`); others are refused.
#[derive(Debug, Clone)]
pub struct S3Objects {
    pub(crate) client: Client,
    pub(crate) bucket: String,
}

impl S3Objects {
    /// The objects of a bucket.
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    fn get(&self, key: &ObjectKey, etag: &ETag) -> GetObjectFluentBuilder {
        let get = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        get.if_match(format!("\"{etag}\""))
    }
}

impl Objects for S3Objects {
    fn read<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        from: u64,
    ) -> BoxFuture<'a, Result<Pieces, ObjectError>> {
        Box::pin(async move {
            // An object without content has no first byte to ask for.
            let range = (from > 0).then(|| format!("bytes={from}-"));
            let got = self.get(key, etag).set_range(range).send().await;
            let body = match got {
                Ok(got) => got.body,
                Err(error) if is_behind_the_end(&error) => ByteStream::default(),
                Err(error) => return Err(object_error(key, error)),
            };
            Ok(Pieces::new(try_unfold((body, key.clone()), next_part)))
        })
    }

    fn read_range<'a>(
        &'a self,
        key: &'a ObjectKey,
        etag: &'a ETag,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        Box::pin(async move {
            <dyn Objects>::check(key, &range)?;
            let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
                return Ok(Bytes::new());
            };
            let asked = self.get(key, etag).range(format!("bytes={}-{last}", range.start));
            let got = match asked.send().await {
                Ok(got) => got,
                Err(error) if is_behind_the_end(&error) => return Ok(Bytes::new()),
                Err(error) => return Err(object_error(key, error)),
            };
            all_of(key, got.body).await
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.bucket).key(key.as_str());
            let put = put.content_type(content_type).body(ByteStream::from(body)).send().await;
            let put = put.map_err(|error| object_error(key, error))?;
            etag(key, put.e_tag)
        })
    }

    fn begin<'a>(
        &'a self,
        key: &'a ObjectKey,
        content_type: &'a str,
    ) -> BoxFuture<'a, Result<UploadId, ObjectError>> {
        Box::pin(async move {
            let create = self.client.create_multipart_upload().bucket(&self.bucket);
            let created = create.key(key.as_str()).content_type(content_type).send().await;
            let created = created.map_err(|error| object_error(key, error))?;
            Ok(UploadId::new(created.upload_id.unwrap_or_default()))
        })
    }

    fn put_part<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        number: u16,
        body: Bytes,
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        Box::pin(async move {
            let put = self.client.upload_part().bucket(&self.bucket).key(key.as_str());
            let put = put.upload_id(upload.as_str()).part_number(number.into());
            let put = put.body(ByteStream::from(body));
            let put = put.customize().config_override(with_time_for_parts()).send().await;
            let put = put.map_err(|error| object_error(key, error))?;
            etag(key, put.e_tag)
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
        parts: &'a [ETag],
    ) -> BoxFuture<'a, Result<ETag, ObjectError>> {
        Box::pin(async move {
            let named = (1..).zip(parts).map(|(number, etag)| {
                CompletedPart::builder().part_number(number).e_tag(format!("\"{etag}\"")).build()
            });
            let parts = CompletedMultipartUpload::builder().set_parts(Some(named.collect()));
            let complete = self.client.complete_multipart_upload().bucket(&self.bucket);
            let complete = complete.key(key.as_str()).upload_id(upload.as_str());
            let complete = complete.multipart_upload(parts.build()).customize();
            let put = complete.config_override(with_time_for_parts()).send().await;
            let put = put.map_err(|error| object_error(key, error))?;
            etag(key, put.e_tag)
        })
    }

    fn abort<'a>(
        &'a self,
        key: &'a ObjectKey,
        upload: &'a UploadId,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        Box::pin(async move {
            let abort = self.client.abort_multipart_upload().bucket(&self.bucket);
            let aborted = abort.key(key.as_str()).upload_id(upload.as_str()).send().await;
            match aborted {
                Ok(_) => Ok(()),
                Err(error) if code_of(&error) == Some(NO_SUCH_UPLOAD) => Ok(()),
                Err(error) => Err(object_error(key, error)),
            }
        })
    }
}

impl Payloads for S3Objects {
    fn put_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        Box::pin(async move {
            self.put(key, "application/json", body).await?;
            Ok(())
        })
    }

    fn get_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        at_most: u64,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        Box::pin(async move {
            let Some(last) = at_most.checked_sub(1) else { return Ok(Bytes::new()) };
            let get = self.client.get_object().bucket(&self.bucket).key(key.as_str());
            // Not by its `ETag`: whoever puts the same content once more may give it another.
            match get.range(format!("bytes=0-{last}")).send().await {
                Ok(got) => all_of(key, got.body).await,
                Err(error) if is_behind_the_end(&error) => Ok(Bytes::new()),
                Err(error) => Err(object_error(key, error)),
            }
        })
    }
}

/// All that is still to arrive.
async fn all_of(key: &ObjectKey, body: ByteStream) -> Result<Bytes, ObjectError> {
    let unavailable = |source| ObjectError::Unavailable { key: key.clone(), source };
    match timeout(SILENCE, body.collect()).await {
        Ok(Ok(read)) => Ok(read.into_bytes()),
        Ok(Err(error)) => Err(unavailable(error.into())),
        Err(elapsed) => Err(unavailable(elapsed.into())),
    }
}

fn with_time_for_parts() -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(PART_TIMEOUT);
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts.build())
}

/// What arrives next of an object, in whatever parts the network brings it.
async fn next_part(
    (mut body, key): (ByteStream, ObjectKey),
) -> Result<Option<(Bytes, (ByteStream, ObjectKey))>, ObjectError> {
    match timeout(SILENCE, body.try_next()).await {
        Ok(Ok(Some(part))) => Ok(Some((part, (body, key)))),
        Ok(Ok(None)) => Ok(None),
        Ok(Err(error)) => Err(ObjectError::Unavailable { key, source: error.into() }),
        Err(elapsed) => Err(ObjectError::Unavailable { key, source: elapsed.into() }),
    }
}

fn is_behind_the_end<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    code_of(error) == Some("InvalidRange")
}

fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// What a failed call means. Codes of S3: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>, from memory
/// 2026-11-22.
pub(crate) fn object_error<E>(key: &ObjectKey, error: SdkError<E, HttpResponse>) -> ObjectError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let key = key.clone();
    match code_of(&error) {
        Some("NoSuchKey") => return ObjectError::Missing { key },
        Some("PreconditionFailed") => return ObjectError::Changed { key },
        // It came too slowly; said with 400. An upload in parts that is over: another can be begun.
        Some("RequestTimeout" | NO_SUCH_UPLOAD) => {
            return ObjectError::Unavailable { key, source: Box::new(error) };
        }
        _ => {}
    }
    match failed(&error) {
        Failed::Never => ObjectError::Refused { key, source: Box::new(error) },
        Failed::NotNow | Failed::Unknown => {
            ObjectError::Unavailable { key, source: Box::new(error) }
        }
    }
}

/// The `ETag` that S3 gave what was put.
fn etag(key: &ObjectKey, given: Option<String>) -> Result<ETag, ObjectError> {
    given.unwrap_or_default().parse().map_err(|error| refused(key, error))
}

pub(crate) fn refused(key: &ObjectKey, error: impl Error + Send + Sync + 'static) -> ObjectError {
    ObjectError::Refused { key: key.clone(), source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::get_object::GetObjectError;
    use postroom::port::{Upload, Uploads};
    use postroom::{Classify, Verdict};

    use super::*;
    use crate::{Aws, Env};

    fn objects(region: &str, more: &[(&str, &str)]) -> S3Objects {
        let fixed = [
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("OBJECTS_BUCKET", "bucket"),
        ];
        let mut env = Env::of(fixed.into_iter().chain(more.iter().copied()));
        let objects = Aws::connect(&mut env).objects(&mut env);
        env.check().unwrap();
        objects
    }

    fn upload() -> Upload {
        Upload {
            key: "imports/a b.csv".parse().unwrap(),
            content_type: "text/csv".to_owned(),
            size_bytes: 12,
            at: "2026-11-22T09:30:00Z".parse().unwrap(),
            lasts: Duration::from_mins(15),
        }
    }

    #[tokio::test]
    async fn a_permitted_upload_is_signed_as_its_sender_will_send_it() {
        let token = [("AWS_SESSION_TOKEN", "token")];

        let permitted = objects("eu-west-1", &token).permit(&upload()).await.unwrap();

        let (place, query) = permitted.url.split_once('?').unwrap();
        assert_eq!(place, "https://bucket.s3.eu-west-1.amazonaws.com/imports/a%20b.csv");
        let mut names: Vec<_> =
            query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        names.sort_unstable();
        let expected = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
            "x-id",
        ];
        assert_eq!(names, expected);
        for pair in [
            "X-Amz-Date=20261122T093000Z",
            "X-Amz-Expires=900",
            "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost",
        ] {
            assert!(query.contains(pair), "{pair} in {query}");
        }
        let headers: Vec<_> =
            permitted.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers, [("content-length", "12"), ("content-type", "text/csv")]);
    }

    #[tokio::test]
    async fn an_endpoint_of_ones_own_has_its_buckets_in_the_path() {
        let endpoint = [("AWS_ENDPOINT_URL", "http://localhost:4566")];

        let permitted = objects("us-east-1", &endpoint).permit(&upload()).await.unwrap();

        let expected = "http://localhost:4566/bucket/imports/a%20b.csv?";
        assert!(permitted.url.starts_with(expected), "{permitted:?}");
    }

    #[test]
    fn an_answer_says_what_became_of_the_object_and_whether_it_passes() {
        let key: ObjectKey = "a".parse().unwrap();
        let answered = |status: u16, code: &str| {
            let error = GetObjectError::generic(ErrorMetadata::builder().code(code).build());
            let answer = HttpResponse::new(status.try_into().unwrap(), "".into());
            object_error(&key, SdkError::service_error(error, answer))
        };

        assert!(matches!(answered(404, "NoSuchKey"), ObjectError::Missing { .. }));
        assert!(matches!(answered(412, "PreconditionFailed"), ObjectError::Changed { .. }));
        for (status, code) in [(503, "SlowDown"), (500, "InternalError"), (400, "RequestTimeout")] {
            assert_eq!(answered(status, code).verdict(), Verdict::RETRY, "{code}");
        }
        for (status, code) in
            [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "InvalidRequest")]
        {
            assert!(matches!(answered(status, code), ObjectError::Refused { .. }), "{code}");
        }
    }
}
