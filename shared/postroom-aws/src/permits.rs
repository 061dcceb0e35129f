//! Permissions to put and to read objects, for who does nothing else with them.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use jiff::Timestamp;
use postroom::port::{
    Download, Downloads, ObjectError, PermittedDownload, PermittedUpload, Upload, Uploads,
};
use postroom::{BoxFuture, ObjectKey};

use crate::aws::Aws;
use crate::objects::{S3Objects, object_error, refused};

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

impl Uploads for S3Objects {
    fn permit<'a>(
        &'a self,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<PermittedUpload, ObjectError>> {
        Box::pin(async move {
            let key = &upload.key;
            <dyn Uploads>::check(upload)?;
            let size = i64::try_from(upload.size_bytes).map_err(|error| refused(key, error))?;
            let lasting = lasting(key, upload.at, upload.lasts)?;
            let put = self.client.put_object().bucket(&self.bucket).key(key.as_str());
            let put = put.content_type(&upload.content_type).content_length(size);
            // Both are signed: with another length or type it would be another request.
            let signed = put.presigned(lasting).await.map_err(|error| object_error(key, error))?;
            let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Ok(PermittedUpload { url: signed.uri().to_owned(), headers: headers.collect() })
        })
    }
}

impl Downloads for S3Objects {
    fn permit_download<'a>(
        &'a self,
        download: &'a Download,
    ) -> BoxFuture<'a, Result<PermittedDownload, ObjectError>> {
        Box::pin(async move {
            let Download { key, file_name, content_type, at, lasts } = download;
            <dyn Downloads>::check(download)?;
            let lasting = lasting(key, *at, *lasts)?;
            let get = self.client.get_object().bucket(&self.bucket).key(key.as_str());
            let get = get
                .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
                .response_content_type(content_type);
            let signed = get.presigned(lasting).await.map_err(|error| object_error(key, error))?;
            Ok(PermittedDownload { url: signed.uri().to_owned() })
        })
    }
}

/// From when on and for how long a signature holds.
fn lasting(
    key: &ObjectKey,
    at: Timestamp,
    lasts: Duration,
) -> Result<PresigningConfig, ObjectError> {
    let lasting = PresigningConfig::builder().start_time(SystemTime::from(at)).expires_in(lasts);
    lasting.build().map_err(|error| refused(key, error))
}
