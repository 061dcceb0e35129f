//! Why the files of the buckets cannot be used.

use std::io;
use std::path::PathBuf;

/// A failure of the local S3 itself; whoever asked gets 500.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// A folder or a file of it cannot be read or written.
    #[error("cannot use {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// What an earlier run wrote about an object cannot be understood.
    #[error("cannot understand {}", path.display())]
    Entry {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    /// The body that is to be put ended too early, or is not what its sender says.
    #[error("the body did not arrive whole")]
    Body {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
