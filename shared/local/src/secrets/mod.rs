//! Secrets Manager on this machine: secrets of the template, read and replaced as on AWS.
//!
//! Only what is current is kept, so no other version can be asked for. What is put replaces the template's text, and with a
//! data directory outlives the system, in `secrets.json`:
//!
//! ```json
//! {"local-webhook-secrets": {"text": "[]", "id": "0192…", "created_at": "2026-11-22T09:30:00Z"}}
//! ```

pub(crate) mod protocol;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::template::{ACCOUNT, REGION, Secret};

const FILE: &str = "secrets.json";
/// What AWS puts behind a name, in an ARN, is six characters that nobody can know before; here everybody can.
const SUFFIX: &str = "-local0";

/// The secrets of this machine; clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_name: BTreeMap<String, Version>,
    path: Option<PathBuf>,
}

/// What a secret is now.
#[derive(Clone, Serialize, Deserialize)]
struct Version {
    text: String,
    id: Uuid,
    created_at: Timestamp,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretsError {
    #[error("Secrets Manager can't find the specified secret.")]
    NotFound,
    #[error("{reason}")]
    Invalid { reason: String },
    #[error("{operation} is not known here")]
    UnknownOperation { operation: String },
    #[error("what was put cannot be kept: {reason}")]
    Internal { reason: String },
}

/// `arn:aws:secretsmanager:us-east-1:000000000000:secret:local-webhook-secrets-local0`
pub(crate) fn secret_arn(name: &str) -> String {
    format!("{}{name}{SUFFIX}", arn_prefix())
}

fn arn_prefix() -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:")
}

/// The name in a name or an ARN.
fn name_of(id: &str) -> &str {
    let name = id.strip_prefix(&arn_prefix()).and_then(|rest| rest.strip_suffix(SUFFIX));
    name.unwrap_or(id)
}

impl Version {
    fn new(text: String) -> Self {
        Self { text, id: Uuid::now_v7(), created_at: Timestamp::now() }
    }
}

impl Secrets {
    /// Those that a directory keeps, if there is one.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn open(directory: Option<&Path>) -> io::Result<Self> {
        let path = directory.map(|directory| directory.join(FILE));
        let by_name = match path.as_deref().map(std::fs::read) {
            Some(Ok(kept)) => serde_json::from_slice(&kept)?,
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Some(Err(_)) | None => BTreeMap::new(),
        };
        Ok(Self(Arc::new(Mutex::new(Kept { by_name, path }))))
    }

    /// Creates a secret; one of that name is left as it is.
    pub fn create(&self, secret: &Secret) {
        let new = || Version::new(secret.text.clone());
        self.lock().by_name.entry(secret.name.clone()).or_insert_with(new);
    }

    fn get(&self, id: &str) -> Result<Version, SecretsError> {
        self.lock().by_name.get(name_of(id)).cloned().ok_or(SecretsError::NotFound)
    }

    fn put(&self, id: &str, text: String) -> Result<Version, SecretsError> {
        let mut kept = self.lock();
        let current = kept.by_name.get_mut(name_of(id)).ok_or(SecretsError::NotFound)?;
        *current = Version::new(text);
        let put = current.clone();
        let saved = kept.save();
        saved.map_err(|error| SecretsError::Internal { reason: error.to_string() })?;
        Ok(put)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A secret is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Replaces the file at once, as a kill may come at any time.
    fn save(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(&self.by_name)?)?;
        std::fs::rename(new, path)
    }
}

impl fmt::Debug for Secrets {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().by_name.keys()).finish()
    }
}
