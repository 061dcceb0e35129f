//! Secrets as they are held in memory: never shown, and never for long.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, between};
use crate::port::{SecretError, Secrets};

/// A text that shows itself to nobody who does not ask for it by [`reveal`](Self::reveal).
///
/// ```
/// let secret = postroom::SecretText::new("open sesame".to_owned());
/// assert_eq!(format!("{secret:?}"), "SecretText(…)");
/// assert_eq!(secret.reveal(), "open sesame");
/// ```
#[derive(Clone)]
pub struct SecretText(String);

impl SecretText {
    /// Hides a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. It belongs into no log, no error and no answer.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// A secret that is read when it is first needed, and again when it is old, or may have been changed.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use postroom::memory::MemorySecrets;
/// use postroom::{SecretCache, SecretText, SystemClock};
///
/// let kept = MemorySecrets::default();
/// kept.put("open sesame");
/// let cache = SecretCache::new(Arc::new(kept.clone()), Arc::new(SystemClock));
///
/// assert_eq!(cache.current().await.unwrap().reveal(), "open sesame");
/// assert_eq!(cache.current().await.unwrap().reveal(), "open sesame");
/// assert_eq!(kept.reads(), 1);
/// # });
/// ```
pub struct SecretCache {
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

#[derive(Clone, Default)]
struct Held {
    /// The secret, and since when it is held.
    secret: Option<(Arc<SecretText>, Timestamp)>,
    /// When it was last asked for, whatever came of it.
    asked_at: Option<Timestamp>,
}

impl SecretCache {
    /// The longest that a secret is believed: who takes one back waits no longer than this.
    pub const LONGEST: Duration = Duration::from_mins(5);
    /// The least time between two readings of which the second only hopes for a change. Strangers cause those.
    pub const SHORTEST: Duration = Duration::from_secs(10);

    /// Of one secret. Nothing is read yet.
    pub fn new(secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>) -> Self {
        Self { secrets, clock, held: Mutex::default() }
    }

    /// The secret as it was at most [`LONGEST`](Self::LONGEST) ago.
    ///
    /// # Errors
    /// It is older and cannot be read again. What was held is not shown then.
    pub async fn current(&self) -> Result<Arc<SecretText>, SecretError> {
        let now = self.clock.now();
        match self.lock().secret.clone() {
            Some((secret, since)) if between(since, now) < Self::LONGEST => return Ok(secret),
            Some(_) | None => {}
        }
        self.read(now).await
    }

    /// The secret as it is now, for whom the [current](Self::current) one does not fit. `None`: it was asked for less than
    /// [`SHORTEST`](Self::SHORTEST) ago.
    ///
    /// # Errors
    /// It cannot be read. What is held stays current.
    pub async fn renewed(&self) -> Result<Option<Arc<SecretText>>, SecretError> {
        let now = self.clock.now();
        let asked_at = self.lock().asked_at;
        if asked_at.is_some_and(|asked_at| between(asked_at, now) < Self::SHORTEST) {
            return Ok(None);
        }
        self.read(now).await.map(Some)
    }

    async fn read(&self, now: Timestamp) -> Result<Arc<SecretText>, SecretError> {
        self.lock().asked_at = Some(now);
        let secret = Arc::new(self.secrets.read().await?);
        self.lock().secret = Some((Arc::clone(&secret), now));
        Ok(secret)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Each change is one assignment.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SecretCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretCache").finish_non_exhaustive()
    }
}
