//! The operations, as `s3s` asks for them.

use std::io::SeekFrom;

use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use s3s::auth::{S3Auth, SecretKey};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput,
    PutObjectOutput, StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::host::{S3Host, VirtualHost};
use s3s::{Body, S3Request, S3Response, S3Result, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::bucket::{About, Object, Wanted};
use super::multipart::{NamedPart, PartRefused};
use super::notice::encoded;
use super::operation::bucket_of;
use super::{S3, S3Error};

/// The secret of every access key, which functions have, too.
const SECRET: &str = "local";
/// Bytes that are read from a file at once.
const PART: usize = 64 * 1024;
/// Objects of a page, at most.
const PAGE: usize = 1_000;

/// What can be done to the objects of the buckets.
pub(super) struct Operations {
    pub(super) s3: S3,
}

/// Everybody's secret.
pub(super) struct OneSecret;

/// Hosts that name a bucket; all others have it in the path.
pub(super) struct NamesBuckets;

#[async_trait::async_trait]
impl S3Auth for OneSecret {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET))
    }
}

impl S3Host for NamesBuckets {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let named = VirtualHost::new(host);
        Ok(match bucket_of(host.as_bytes()) {
            Some(bucket) => named.with_bucket(bucket),
            None => named,
        })
    }
}

#[async_trait::async_trait]
impl s3s::S3 for Operations {
    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(s3_error!(NotImplemented, "puts under a condition are not here"));
        }
        let body = input.body.map_or_else(Body::empty, Body::from);
        let received = self.s3.receive(&input.bucket, body).await;
        let uploaded = received.ok_or_else(no_bucket)?.map_err(failed)?;
        if input.content_md5.is_some_and(|said| said != base64(uploaded.md5)) {
            return Err(s3_error!(BadDigest));
        }
        let metadata = input.metadata.map(|metadata| metadata.into_iter().collect());
        let about = About { content_type: input.content_type, metadata };
        let put = self.s3.put(&input.bucket, &input.key, uploaded, about);
        let put = put.ok_or_else(no_bucket)?.map_err(failed)?;
        let e_tag = Some(ETag::Strong(put.etag));
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, content_type, metadata, .. } = request.input;
        let metadata = metadata.map(|metadata| metadata.into_iter().collect());
        let about = About { content_type, metadata };
        let begun = self.s3.parts(&bucket, |parts| parts.begin(&key, about));
        let upload_id = Some(begun.ok_or_else(no_bucket)?.map_err(part_refused)?);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id,
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput { bucket, key, upload_id: id, part_number, .. } = request.input;
        let UploadPartInput { body, content_md5, .. } = request.input;
        let number = self.s3.parts(&bucket, |parts| parts.takes(&key, &id, part_number));
        let number = number.ok_or_else(no_bucket)?.map_err(part_refused)?;
        let body = body.map_or_else(Body::empty, Body::from);
        let received = self.s3.receive(&bucket, body).await;
        let part = received.ok_or_else(no_bucket)?.map_err(failed)?;
        if content_md5.is_some_and(|said| said != base64(part.md5)) {
            return Err(s3_error!(BadDigest));
        }
        let e_tag = Some(ETag::Strong(part.etag()));
        let kept = self.s3.parts(&bucket, |parts| parts.keep(&key, &id, number, part));
        kept.ok_or_else(no_bucket)?.map_err(part_refused)?;
        Ok(S3Response::new(UploadPartOutput { e_tag, ..UploadPartOutput::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(s3_error!(NotImplemented, "puts under a condition are not here"));
        }
        let CompleteMultipartUploadInput { bucket, key, upload_id: id, .. } = input;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let named: Option<Vec<_>> = parts.into_iter().map(named_part).collect();
        let named = named.ok_or_else(|| s3_error!(InvalidPart))?;
        let whole = self.s3.parts(&bucket, |parts| parts.complete(&key, &id, &named));
        let whole = whole.ok_or_else(no_bucket)?.map_err(part_refused)?;
        let joined = self.s3.join(&bucket, whole.parts).await;
        let joined = joined.ok_or_else(no_bucket)?.map_err(failed)?;
        let put = self.s3.put(&bucket, &key, joined, whole.about);
        let put = put.ok_or_else(no_bucket)?.map_err(failed)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{bucket}/{}", encoded(&key))),
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(ETag::Strong(put.etag)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
        let aborted = self.s3.parts(&bucket, |parts| parts.abort(&key, &upload_id));
        aborted.ok_or_else(no_bucket)?.map_err(part_refused)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let other = input.if_none_match.is_some()
            || input.if_modified_since.is_some()
            || input.if_unmodified_since.is_some();
        if other || input.part_number.is_some() || input.version_id.is_some() {
            return Err(s3_error!(NotImplemented, "of conditions, If-Match alone is here"));
        }
        let (object, file) = self.open(&input.bucket, &input.key, input.if_match.as_ref())?;
        let size = object.size_bytes;
        let wanted = match input.range {
            Some(range) => range.check(size)?,
            None => 0..size,
        };
        let content_range = input
            .range
            .map(|_| format!("bytes {}-{}/{size}", wanted.start, wanted.end.saturating_sub(1)));
        let mut file = File::from_std(file);
        file.seek(SeekFrom::Start(wanted.start))
            .await
            .map_err(|error| s3_error!(error, InternalError))?;
        let length = wanted.end - wanted.start;
        let about = about(&object);
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: about.accept_ranges,
            body: Some(StreamingBlob::wrap(try_unfold((file, length), part))),
            content_disposition: input.response_content_disposition,
            content_length: i64::try_from(length).ok(),
            content_range,
            // Whoever signed a request may say as what its answer is sent.
            content_type: input.response_content_type.or(about.content_type),
            e_tag: about.e_tag,
            last_modified: about.last_modified,
            metadata: about.metadata,
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let (object, _) = self.open(&input.bucket, &input.key, input.if_match.as_ref())?;
        Ok(S3Response::new(about(&object)))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        self.s3.delete(&input.bucket, &input.key).ok_or_else(no_bucket)?.map_err(failed)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            self.s3.delete(&input.bucket, &object.key).ok_or_else(no_bucket)?.map_err(failed)?;
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        let deleted = (input.delete.quiet != Some(true)).then_some(deleted);
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..DeleteObjectsOutput::default() }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let asked = input.max_keys.and_then(|most| usize::try_from(most).ok());
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref());
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty()),
            after: after.unwrap_or_default(),
            most: asked.unwrap_or(PAGE).min(PAGE),
        };
        let listed = self.s3.list(&input.bucket, &wanted).ok_or_else(no_bucket)?;
        let (most, count) = (wanted.most, listed.objects.len() + listed.prefixes.len());
        // XML has no place for some of what keys may hold; SDKs ask for it encoded.
        let encodes = input.encoding_type.as_ref().is_some_and(|kind| kind.as_str() == "url");
        let named = |text: String| Some(if encodes { encoded(&text) } else { text });
        let prefixes =
            listed.prefixes.into_iter().map(|prefix| CommonPrefix { prefix: named(prefix) });
        let contents = listed
            .objects
            .iter()
            .map(|object| s3s::dto::Object { key: named(object.key.clone()), ..content(object) });
        Ok(S3Response::new(ListObjectsV2Output {
            common_prefixes: Some(prefixes.collect()),
            contents: Some(contents.collect()),
            continuation_token: input.continuation_token,
            delimiter: input.delimiter.and_then(named),
            encoding_type: input.encoding_type,
            is_truncated: Some(listed.next.is_some()),
            key_count: i32::try_from(count).ok(),
            max_keys: i32::try_from(most).ok(),
            name: Some(input.bucket),
            next_continuation_token: listed.next,
            prefix: input.prefix.and_then(named),
            start_after: input.start_after.and_then(named),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let is_there = self.s3.names().contains(&request.input.bucket);
        is_there.then(|| S3Response::new(HeadBucketOutput::default())).ok_or_else(no_bucket)
    }

    async fn list_buckets(
        &self,
        _request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let bucket = |name| Bucket { name: Some(name), ..Bucket::default() };
        let buckets = Some(self.s3.names().into_iter().map(bucket).collect());
        Ok(S3Response::new(ListBucketsOutput { buckets, ..ListBucketsOutput::default() }))
    }
}

impl Operations {
    /// An object, if it is what is asked for.
    fn open(
        &self,
        bucket: &str,
        key: &str,
        if_match: Option<&ETagCondition>,
    ) -> S3Result<(Object, std::fs::File)> {
        let found = self.s3.open(bucket, key).ok_or_else(no_bucket)?.map_err(failed)?;
        let (object, file) = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        let is_it = match if_match {
            None | Some(ETagCondition::Any) => true,
            Some(ETagCondition::ETag(asked)) => asked.value() == object.etag,
        };
        if is_it { Ok((object, file)) } else { Err(s3_error!(PreconditionFailed)) }
    }
}

/// The head of an object.
fn about(object: &Object) -> HeadObjectOutput {
    HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.size_bytes).ok(),
        content_type: Some(
            object.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned()),
        ),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(modified_at(object)),
        metadata: object.metadata.clone().map(|metadata| metadata.into_iter().collect()),
        ..HeadObjectOutput::default()
    }
}

/// An object in a list, without its key.
fn content(object: &Object) -> s3s::dto::Object {
    s3s::dto::Object {
        size: i64::try_from(object.size_bytes).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(modified_at(object)),
        ..s3s::dto::Object::default()
    }
}

fn modified_at(object: &Object) -> Timestamp {
    Timestamp::from(std::time::SystemTime::from(object.modified_at))
}

/// The next part of a file of which so much is still wanted.
async fn part((mut file, left): (File, u64)) -> std::io::Result<Option<(Bytes, (File, u64))>> {
    let mut part = BytesMut::with_capacity(PART);
    let most = left.min(PART as u64);
    if most == 0 || (&mut file).take(most).read_buf(&mut part).await? == 0 {
        return Ok(None);
    }
    let left = left - part.len() as u64;
    Ok(Some((part.freeze(), (file, left))))
}

fn base64(bytes: [u8; 16]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A part as it is named; `None`: it is not.
fn named_part(part: CompletedPart) -> Option<NamedPart> {
    let number = u16::try_from(part.part_number?).ok()?;
    Some(NamedPart { number, etag: part.e_tag?.value().to_owned() })
}

fn part_refused(refused: PartRefused) -> s3s::S3Error {
    match refused {
        PartRefused::SlowDown => s3_error!(SlowDown),
        PartRefused::NoSuchUpload => s3_error!(NoSuchUpload),
        PartRefused::InvalidArgument => {
            s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000")
        }
        PartRefused::MalformedXML => s3_error!(MalformedXML),
        PartRefused::InvalidPartOrder => s3_error!(InvalidPartOrder),
        PartRefused::InvalidPart => s3_error!(InvalidPart),
        PartRefused::EntityTooSmall => s3_error!(EntityTooSmall),
    }
}

fn no_bucket() -> s3s::S3Error {
    s3_error!(NoSuchBucket)
}

fn failed(error: S3Error) -> s3s::S3Error {
    match error {
        S3Error::Body { source } => {
            let mut refused = s3_error!(IncompleteBody);
            refused.set_source(source);
            refused
        }
        S3Error::Folder { .. } | S3Error::Entry { .. } => s3_error!(error, InternalError),
    }
}
