//! A body on its way to its file.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use md5::{Digest, Md5};
use s3s::Body;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, copy};
use uuid::Uuid;

use super::S3Error;

/// How files begin that are no object yet; those of a run before are removed.
pub(super) const UNFINISHED: &str = "unfinished-";

/// A body that has arrived whole; its file is removed unless it becomes an object's.
#[derive(Debug)]
pub(super) struct Uploaded {
    path: PathBuf,
    pub(super) size_bytes: u64,
    /// Of its bytes; where it came in parts, of the digests of those.
    pub(super) md5: [u8; 16],
    /// Of how many parts it was joined, if it was.
    parts: Option<usize>,
}

impl Uploaded {
    /// Writes a body to a file of a folder, as it arrives.
    pub(super) async fn receive(folder: &Path, mut body: Body) -> Result<Self, S3Error> {
        let path = folder.join(format!("{UNFINISHED}{}", Uuid::now_v7()));
        let failed = |source| S3Error::Folder { path: path.clone(), source };
        let mut file = File::create(&path).await.map_err(failed)?;
        let mut uploaded = Self { path: path.clone(), size_bytes: 0, md5: [0; 16], parts: None };
        let mut digest = Md5::new();
        while let Some(part) = body.try_next().await.map_err(|source| S3Error::Body { source })? {
            digest.update(&part);
            file.write_all(&part).await.map_err(failed)?;
            uploaded.size_bytes += u64::try_from(part.len()).unwrap_or(u64::MAX);
        }
        file.flush().await.map_err(failed)?;
        uploaded.md5 = digest.finalize().into();
        Ok(uploaded)
    }

    /// Writes parts one behind the other to one file. Theirs are removed.
    pub(super) async fn joined(folder: &Path, parts: Vec<Self>) -> Result<Self, S3Error> {
        let path = folder.join(format!("{UNFINISHED}{}", Uuid::now_v7()));
        let failed = |source| S3Error::Folder { path: path.clone(), source };
        let mut file = File::create(&path).await.map_err(failed)?;
        let count = Some(parts.len());
        let mut joined = Self { path: path.clone(), size_bytes: 0, md5: [0; 16], parts: count };
        let mut digest = Md5::new();
        for part in parts {
            digest.update(part.md5);
            let mut from = File::open(&part.path).await.map_err(failed)?;
            joined.size_bytes += copy(&mut from, &mut file).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        joined.md5 = digest.finalize().into();
        Ok(joined)
    }

    /// As S3 has it: in hexadecimal digits the digest, and of how many parts it is.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>, from memory 2026-11-22.
    pub(super) fn etag(&self) -> String {
        let digest = format!("{:032x}", u128::from_be_bytes(self.md5));
        self.parts.map_or(digest.clone(), |parts| format!("{digest}-{parts}"))
    }

    /// Gives its file the name of an object's.
    pub(super) fn rename(mut self, to: &Path) -> Result<(), S3Error> {
        let renamed = std::fs::rename(&self.path, to);
        renamed.map_err(|source| S3Error::Folder { path: to.to_owned(), source })?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Uploaded {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Whoever sent it was told; a file that cannot be removed goes with the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
