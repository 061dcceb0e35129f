//! Permissions: somebody without any rights may put or read just one object, for a while.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::BoxFuture;
use crate::object::ObjectKey;
use crate::port::ObjectError;

/// Lets somebody without any rights put one object.
pub trait Uploads: Send + Sync {
    /// Signs a request to put just this object. Nobody is called, so whether it could be put is not known.
    ///
    /// # Errors
    /// [`ObjectError::Refused`]: it lasts longer than `<dyn Uploads>::LONGEST`, or is of a type that no header can name.
    fn permit<'a>(
        &'a self,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<PermittedUpload, ObjectError>>;
}

impl dyn Uploads {
    /// The longest that a permission lasts. It ends with the credentials that signed it, too: those of a function last
    /// for hours.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/PresignedUrlUploadObject.html>, from memory 2026-11-22.
    pub const LONGEST: Duration = Duration::from_hours(7 * 24);

    /// Whether an upload can be permitted; adapters ask before anything else.
    ///
    /// # Errors
    /// [`ObjectError::Refused`], saying why.
    pub fn check(upload: &Upload) -> Result<(), ObjectError> {
        let reason = if !lasts(upload.lasts) {
            LASTS
        } else if !is_of_header(&upload.content_type) {
            OF_HEADER
        } else {
            return Ok(());
        };
        Err(ObjectError::Refused { key: upload.key.clone(), source: reason.into() })
    }
}

/// The one object that somebody may put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Where to.
    pub key: ObjectKey,
    /// Of just this type,
    pub content_type: String,
    /// and of just this size.
    pub size_bytes: u64,
    /// From when on.
    pub at: Timestamp,
    /// For how long; as often as one likes. Whole seconds.
    pub lasts: Duration,
}

/// A request that anybody may send: `PUT url`, with these headers and a body of the permitted size. Its URL is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PermittedUpload {
    /// Where to, signature included.
    pub url: String,
    /// Headers that have to be sent as they are, by their names in lower case; any HTTP client adds the length by itself.
    pub headers: BTreeMap<String, String>,
}

/// Lets somebody without any rights read one object.
pub trait Downloads: Send + Sync {
    /// Signs a request to read just this object. Nobody is called, so whether it is there is not known.
    ///
    /// # Errors
    /// [`ObjectError::Refused`]: it lasts longer than `<dyn Uploads>::LONGEST`, is of a type that no header can name, or its
    /// file name is not a plain one.
    fn permit_download<'a>(
        &'a self,
        download: &'a Download,
    ) -> BoxFuture<'a, Result<PermittedDownload, ObjectError>>;
}

impl dyn Downloads {
    /// Whether a download can be permitted; adapters ask before anything else.
    ///
    /// # Errors
    /// [`ObjectError::Refused`], saying why.
    pub fn check(download: &Download) -> Result<(), ObjectError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let name = &download.file_name;
        let reason = if !lasts(download.lasts) {
            LASTS
        } else if !is_of_header(&download.content_type) {
            OF_HEADER
        } else if !(1..=255).contains(&name.len()) || !name.bytes().all(plain) {
            "its file name has to be 1-255 of A-Z, a-z, 0-9, `-`, `_` and `.`"
        } else {
            return Ok(());
        };
        Err(ObjectError::Refused { key: download.key.clone(), source: reason.into() })
    }
}

/// The one object that somebody may read, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Which.
    pub key: ObjectKey,
    /// What a browser saves it as, rather than showing it.
    pub file_name: String,
    /// Said to be of this type, whatever it was put as.
    pub content_type: String,
    /// From when on.
    pub at: Timestamp,
    /// For how long; as often as one likes. Whole seconds.
    pub lasts: Duration,
}

/// A request that anybody may send: `GET url`. Its URL is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PermittedDownload {
    /// From where, signature included.
    pub url: String,
}

const LASTS: &str = "it has to last for a second to seven days";
const OF_HEADER: &str = "its content type has to be printable ASCII";

fn lasts(lasts: Duration) -> bool {
    (Duration::from_secs(1)..=<dyn Uploads>::LONGEST).contains(&lasts)
}

fn is_of_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

impl fmt::Debug for PermittedUpload {
    /// Without the URL: who has it may upload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermittedUpload").field("headers", &self.headers).finish_non_exhaustive()
    }
}

impl fmt::Debug for PermittedDownload {
    /// Without the URL: who has it may read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermittedDownload").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_prints_a_permitted_upload_gives_nothing_away() {
        let url = "https://example.org/?signature=secret".to_owned();
        let permitted = PermittedUpload { url, headers: BTreeMap::new() };

        assert!(!format!("{permitted:?}").contains("secret"));
    }

    #[test]
    fn whoever_prints_a_permitted_download_gives_nothing_away() {
        let permitted =
            PermittedDownload { url: "https://example.org/?signature=secret".to_owned() };

        assert!(!format!("{permitted:?}").contains("secret"));
    }
}
