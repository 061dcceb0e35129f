//! A body on its way to its file.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use md5::{Digest, Md5};
use s3s::Body;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::S3Error;

/// How files begin that are no object yet; those of a run before are removed.
pub(super) const UNFINISHED: &str = "unfinished-";

/// A body that has arrived whole; its file is removed unless it becomes an object's.
#[derive(Debug)]
pub(super) struct Uploaded {
    path: PathBuf,
    pub(super) size_bytes: u64,
    /// As S3 has it for an object that was put at once: in hexadecimal digits, it is its `ETag`.
    pub(super) md5: [u8; 16],
}

impl Uploaded {
    /// Writes a body to a file of a folder, as it arrives.
    pub(super) async fn receive(folder: &Path, mut body: Body) -> Result<Self, S3Error> {
        let path = folder.join(format!("{UNFINISHED}{}", Uuid::now_v7()));
        let failed = |source| S3Error::Folder { path: path.clone(), source };
        let mut file = File::create(&path).await.map_err(failed)?;
        let mut uploaded = Self { path: path.clone(), size_bytes: 0, md5: [0; 16] };
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
