//! S3 on this machine: the buckets of the template, their objects in files, and their notices to queues.
//!
//! The protocol is `s3s`'s, signatures and presigned URLs included; `service` answers the operations that are here, others
//! are answered 501. `bucket` is the objects of one bucket, `upload` a body on its way to its file, `multipart` those that come
//! in parts, `notice` what a bucket tells, [`S3`] the handle. Each access key has the secret `local`.
//!
//! An object is two files in its bucket's folder: what it holds, under the number of its put, and what it is, under a
//! name made of its key. The second is replaced at once, so nobody meets half of an object, nor of two.

mod bucket;
mod error;
mod multipart;
mod notice;
mod operation;
mod service;
mod upload;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use s3s::Body;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use uuid::Uuid;

use self::bucket::{Bucket, Listed, Object};
pub use self::error::S3Error;
use self::multipart::{Multiparts, PartRefused};
pub(crate) use self::operation::{OPERATIONS, operation_of};
use self::service::{NamesBuckets, OneSecret, Operations};
use self::upload::Uploaded;
use crate::sqs::{Draft, Sqs};
use crate::template;

/// The buckets, and who is told of them. Clones are the same.
#[derive(Clone)]
pub struct S3 {
    shared: Arc<Shared>,
}

struct Shared {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    folder: PathBuf,
    sqs: Sqs,
    // Removed with the last handle.
    _temporary: Option<TempDir>,
}

impl S3 {
    /// Buckets in `DIR/s3`, where those of the run before are found again; without a directory in a folder that is removed
    /// at the end.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn start(directory: Option<&Path>, sqs: Sqs) -> Result<Self, S3Error> {
        let (folder, temporary) = if let Some(directory) = directory {
            (directory.join("s3"), None)
        } else {
            let made = tempfile::Builder::new().prefix("local-s3-").tempdir();
            let made = made.map_err(|source| S3Error::Folder { path: "s3".into(), source })?;
            (made.path().to_owned(), Some(made))
        };
        let buckets = Mutex::default();
        Ok(Self { shared: Arc::new(Shared { buckets, folder, sqs, _temporary: temporary }) })
    }

    /// Creates a bucket, or finds what an earlier run left in it. One that is new tries whether it can tell its queues, as
    /// S3 does when notices are set up.
    ///
    /// # Errors
    /// Its files cannot be read or made.
    pub fn create_bucket(&self, bucket: &template::Bucket) -> Result<(), S3Error> {
        let opened = Bucket::open(&self.shared.folder.join(&bucket.name), bucket.notices.clone())?;
        if opened.is_new {
            for notice in &bucket.notices {
                self.tell(&notice.queue, notice::trial(&bucket.name, Timestamp::now()).to_string());
            }
        }
        self.lock().insert(bucket.name.clone(), opened);
        Ok(())
    }

    /// What answers requests.
    pub(crate) fn service(&self) -> S3Service {
        let mut builder = S3ServiceBuilder::new(Operations { s3: self.clone() });
        builder.set_auth(OneSecret);
        builder.set_host(NamesBuckets);
        builder.build()
    }

    /// A file for a body that is to be put. `None`: there is no such bucket.
    async fn receive(&self, bucket: &str, body: Body) -> Option<Result<Uploaded, S3Error>> {
        let folder = self.lock().get(bucket)?.folder.clone();
        Some(Uploaded::receive(&folder, body).await)
    }

    /// Puts what was received, and tells those who want to know. `None`: the bucket is gone.
    fn put(
        &self,
        bucket: &str,
        key: &str,
        uploaded: Uploaded,
        about: bucket::About,
    ) -> Option<Result<Object, S3Error>> {
        let (put, notices) = {
            let mut buckets = self.lock();
            let bucket = buckets.get_mut(bucket)?;
            match bucket.put(key, uploaded, about, Timestamp::now()) {
                Ok(put) => (put, bucket.notices.clone()),
                Err(error) => return Some(Err(error)),
            }
        };
        for wanted in notices.iter().filter(|wanted| wanted.wants(key)) {
            self.tell(&wanted.queue, notice::created(bucket, key, &put).to_string());
        }
        Some(Ok(put))
    }

    /// Does something to the uploads in parts of a bucket. `None`: there is no such bucket.
    fn parts<T>(
        &self,
        bucket: &str,
        act: impl FnOnce(&mut Multiparts) -> Result<T, PartRefused>,
    ) -> Option<Result<T, PartRefused>> {
        Some(act(&mut self.lock().get_mut(bucket)?.multiparts))
    }

    /// Joins the parts of an upload that is complete. `None`: the bucket is gone.
    async fn join(&self, bucket: &str, parts: Vec<Uploaded>) -> Option<Result<Uploaded, S3Error>> {
        let folder = self.lock().get(bucket)?.folder.clone();
        Some(Uploaded::joined(&folder, parts).await)
    }

    /// An object, and its file, open: whoever replaces it now does not disturb those who read.
    fn open(&self, bucket: &str, key: &str) -> Option<Result<Option<(Object, File)>, S3Error>> {
        Some(self.lock().get(bucket)?.open_object(key))
    }

    fn delete(&self, bucket: &str, key: &str) -> Option<Result<(), S3Error>> {
        Some(self.lock().get_mut(bucket)?.delete(key))
    }

    fn list(&self, bucket: &str, wanted: &bucket::Wanted<'_>) -> Option<Listed> {
        Some(self.lock().get(bucket)?.list(wanted))
    }

    fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn tell(&self, queue: &str, body: String) {
        let draft = Draft { body, ..Draft::default() };
        let sent = self.shared.sqs.change(|queues, now| {
            queues.get_mut(queue)?.send(draft, Uuid::now_v7(), now).map(drop)
        });
        if let Err(error) = sent {
            tracing::warn!("a bucket cannot tell {queue}: {error}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        // A bucket changes in memory when its files have, in one step.
        self.shared.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}
