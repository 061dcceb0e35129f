//! A secret in memory.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::BoxFuture;
use crate::port::{SecretError, Secrets};
use crate::secret::SecretText;

/// One secret that anybody may change. Clones share it.
#[derive(Clone, Default)]
pub struct MemorySecrets(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    text: Option<String>,
    reads: usize,
}

impl MemorySecrets {
    /// Replaces the secret.
    pub fn put(&self, text: &str) {
        self.lock().text = Some(text.to_owned());
    }

    /// From now on it cannot be read, until another is put.
    pub fn withhold(&self) {
        self.lock().text = None;
    }

    /// How often it was asked for.
    pub fn reads(&self) -> usize {
        self.lock().reads
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secrets for MemorySecrets {
    fn read(&self) -> BoxFuture<'_, Result<SecretText, SecretError>> {
        let mut kept = self.lock();
        kept.reads += 1;
        let text = kept.text.clone().map(SecretText::new);
        let read = text.ok_or_else(|| SecretError::Unavailable { source: "withheld".into() });
        Box::pin(async move { read })
    }
}

impl fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySecrets").finish_non_exhaustive()
    }
}
