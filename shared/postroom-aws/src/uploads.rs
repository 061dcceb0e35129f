//! Permissions to put objects, for who does nothing else with them.

use std::sync::OnceLock;

use postroom::BoxFuture;
use postroom::port::{ObjectError, PermittedUpload, Upload, Uploads};

use crate::aws::Aws;
use crate::objects::S3Objects;

/// Permissions to put objects of one bucket.
///
/// Most of what an API is asked has to do with no object, and its start would wait for a client of S3: the first permission
/// makes it.
#[derive(Debug)]
pub struct S3Uploads {
    aws: Aws,
    bucket: String,
    objects: OnceLock<S3Objects>,
}

impl S3Uploads {
    pub(crate) fn new(aws: Aws, bucket: String) -> Self {
        Self { aws, bucket, objects: OnceLock::new() }
    }
}

impl Uploads for S3Uploads {
    fn permit<'a>(
        &'a self,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<PermittedUpload, ObjectError>> {
        self.objects.get_or_init(|| self.aws.objects_in(self.bucket.clone())).permit(upload)
    }
}
