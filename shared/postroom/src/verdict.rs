//! What a failure means: try again, or never; and what a refused caller is told.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Whether the same attempt can succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass. `after` is the least wait; the back-off may make it longer.
    Retry { after: Duration },
    /// It never passes: the message is parked with its reason and not tried again.
    Permanent,
}

impl Verdict {
    /// It may pass, and nobody named a wait.
    pub const RETRY: Self = Self::Retry { after: Duration::ZERO };
}

/// Every error of the system has a class. Write the `match` without a `_` arm: a new variant must then be decided.
pub trait Classify {
    /// Whether the same attempt can succeed later.
    fn verdict(&self) -> Verdict;
}

/// Whose fault a failed call to an outside service is, as far as that service's breaker goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The service: it cannot be reached, says that it is in trouble, or asks to slow down. Enough of these in a row open
    /// its breaker.
    Provider,
    /// The message: the service answered as it should. It is well.
    Message,
    /// Nobody's who is known: the service was not asked.
    NotAsked,
}

/// An error of a job whose service has a gate says whom it blames. Write the `match` without a `_` arm, as for
/// [`Classify`].
pub trait Blames {
    /// Whose fault it is.
    fn blame(&self) -> Blame;
}

/// What kind of no a caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The state does not allow it, now.
    Conflict,
    /// The input breaks a rule.
    Invalid,
    /// The caller may not do it.
    Forbidden,
    /// There is no such thing, or not for this tenant.
    NotFound,
}

/// A business no, in the words a caller may branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, kebab-case: `too-many-open-orders`.
    pub code: &'static str,
    /// What kind of no.
    pub kind: RefusalKind,
}

/// Tells a refusal, which the caller is shown, from a failure, which only the log sees.
pub trait Refuse {
    /// `None`: not a refusal but a failure.
    fn refusal(&self) -> Option<Refusal>;
}

/// Any handler's error with its type erased and its class kept.
pub struct Failure {
    /// The handler whose error it is.
    pub handler: &'static str,
    /// Whether trying again can help.
    pub verdict: Verdict,
    /// What the caller may be shown, when it is a refusal.
    pub refusal: Option<Refusal>,
    /// The error itself.
    pub source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// Erases an error, keeping what it means.
    pub(crate) fn of<E>(handler: &'static str, error: E) -> Self
    where
        E: Error + Classify + Refuse + Send + Sync + 'static,
    {
        let (verdict, refusal) = (error.verdict(), error.refusal());
        Self { handler, verdict, refusal, source: Box::new(error) }
    }

    /// The error and its causes in one line: `outer: inner: innermost`.
    pub fn reason(&self) -> String {
        reason_of(self.source.as_ref())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({}: {:?}: {})", self.handler, self.verdict, self.reason())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.handler)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl Classify for Failure {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Refuse for Failure {
    fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }
}

/// The most bytes of all causes of an error that are kept: an error may quote its input, and is stored beside it.
const MAX_REASON_BYTES: usize = 4 * 1024;
/// The most causes: nobody reads, and nothing should build, a longer chain.
const MAX_CAUSES: usize = 16;

/// An error and its causes in one line: `outer: inner: innermost`; cut where it gets longer than 4 KiB.
pub fn reason_of(error: &(dyn Error + 'static)) -> String {
    causes_of(error).join(": ")
}

/// An error and its causes, the outermost first; cut where they get longer than 4 KiB together.
pub(crate) fn causes_of(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes = Vec::new();
    let mut room = MAX_REASON_BYTES;
    let chain = std::iter::successors(Some(error), |&error| error.source());
    for cause in chain.take(MAX_CAUSES) {
        let mut text = cause.to_string();
        if text.len() > room {
            text.truncate(text.floor_char_boundary(room));
            text.push('…');
            causes.push(text);
            break;
        }
        room -= text.len();
        causes.push(text);
    }
    causes
}

/// What a caught panic said.
///
/// ```
/// let panic = std::panic::catch_unwind(|| panic!("out of stamps")).unwrap_err();
/// assert_eq!(postroom::panic_text(&*panic), "out of stamps");
/// ```
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
