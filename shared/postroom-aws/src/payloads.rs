//! Payloads on S3.

use std::sync::OnceLock;

use bytes::Bytes;
use postroom::port::{ObjectError, Payloads};
use postroom::{BoxFuture, ObjectKey};

use crate::aws::Aws;
use crate::objects::S3Objects;

/// Payloads that are too large to travel, as objects of one bucket.
///
/// Most messages are small, and a function's start would wait for a client of S3: the first payload makes it.
#[derive(Debug)]
pub struct S3Payloads {
    aws: Aws,
    bucket: String,
    objects: OnceLock<S3Objects>,
}

impl S3Payloads {
    pub(crate) fn new(aws: Aws, bucket: String) -> Self {
        Self { aws, bucket, objects: OnceLock::new() }
    }

    fn objects(&self) -> &S3Objects {
        self.objects.get_or_init(|| self.aws.objects_in(self.bucket.clone()))
    }
}

impl Payloads for S3Payloads {
    fn put_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.objects().put_payload(key, body)
    }

    fn get_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        at_most: u64,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        self.objects().get_payload(key, at_most)
    }
}
