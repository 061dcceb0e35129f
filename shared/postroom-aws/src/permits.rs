//! Permissions to put and to read objects, for who does nothing else with them.

use std::sync::OnceLock;

use postroom::BoxFuture;
use postroom::port::{
    Download, Downloads, ObjectError, PermittedDownload, PermittedUpload, Upload, Uploads,
};

use crate::aws::Aws;
use crate::objects::S3Objects;

/// Permissions to put and to read objects of one bucket.
///
/// Most of what an API is asked has to do with no object, and its start would wait for a client of S3: the first permission
/// makes it.
#[derive(Debug)]
pub struct S3Permits {
    aws: Aws,
    bucket: String,
    objects: OnceLock<S3Objects>,
}

impl S3Permits {
    pub(crate) fn new(aws: Aws, bucket: String) -> Self {
        Self { aws, bucket, objects: OnceLock::new() }
    }

    fn objects(&self) -> &S3Objects {
        self.objects.get_or_init(|| self.aws.objects_in(self.bucket.clone()))
    }
}

impl Uploads for S3Permits {
    fn permit<'a>(
        &'a self,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<PermittedUpload, ObjectError>> {
        self.objects().permit(upload)
    }
}

impl Downloads for S3Permits {
    fn permit_download<'a>(
        &'a self,
        download: &'a Download,
    ) -> BoxFuture<'a, Result<PermittedDownload, ObjectError>> {
        self.objects().permit_download(download)
    }
}
