//! The dead letter office: what an operator does about messages that failed for good.
//!
//! Every decision is a command: it commits as one transaction, which changes the letter, writes down who decided what,
//! says what becomes of the run, and puts the outbox row of what is sent. So an interrupted decision
//! was made or was not, and one that is repeated finds the letter decided.

mod audit;
mod error;
mod filter;
mod list;
mod groups;
mod letter;
mod run;
mod redrive;
mod edit;
mod discard;
mod bulk;

use std::fmt;
use std::sync::Arc;

use crate::command::{Command, Origin};
use crate::port::{DeadLetter, LetterFile, Listing, StoreError};
use crate::runtime::{ExecuteError, Executed, Runtime};
use crate::stored::Partition;

pub use audit::Audited;
pub use bulk::{Bulk, BulkError, BulkReport, Refused};
pub use discard::Discarded;
pub use edit::Edit;
pub use error::DecideError;
pub use filter::LetterFilter;
pub use groups::{Group, Groups};
pub use redrive::{Redrive, Redriven};

use discard::DiscardDeadLetter;
use edit::EditDeadLetter;
use redrive::RedriveDeadLetter;

/// The most actions on one letter that are shown.
const SHOWN_ACTIONS: usize = 100;

/// Lists dead letters and decides about them. Cheap to clone.
///
/// Letters are the system's, not a tenant's: whoever asks must have the right to operate all of it.
#[derive(Clone)]
pub struct DeadLetterOffice {
    runtime: Runtime,
    letters: Arc<dyn LetterFile>,
    /// Whether its decisions are dropped before they are committed.
    rehearses: bool,
}

/// What a decision comes to.
pub type Decided<T> = Result<Executed<T>, ExecuteError<DecideError>>;

impl DeadLetterOffice {
    /// An office over letters, whose decisions a runtime commits.
    pub fn new(runtime: Runtime, letters: Arc<dyn LetterFile>) -> Self {
        Self { runtime, letters, rehearses: false }
    }

    /// The same office for a dry run: it answers what would be decided, or what would stand in the way, and writes nothing.
    #[must_use]
    pub fn rehearsal(&self) -> Self {
        Self { rehearses: true, ..self.clone() }
    }

    /// One letter, with its body.
    ///
    /// # Errors
    /// The store's, retryable as it says; so for all of this type that answer a [`StoreError`].
    pub async fn find(&self, id: &str) -> Result<Option<DeadLetter>, StoreError> {
        self.letters.find(id).await
    }

    /// What was decided about a letter so far, the first decision first, and at most a hundred.
    ///
    /// # Errors
    /// The store's.
    pub async fn actions(&self, id: &str) -> Result<Vec<Audited>, StoreError> {
        let partition = Partition::of_operators("audit", Some(id));
        let listing = Listing {
            partition,
            prefix: String::new(),
            descending: false,
            limit: SHOWN_ACTIONS,
            after: None,
        };
        let page = self.runtime.ports().store.list(&listing).await?;
        page.items.into_iter().map(audit::read).collect()
    }

    /// Sends a letter's message once more, as it is: same id, so that what was done already stays done.
    ///
    /// # Errors
    /// [`DecideError`] says what stands in the way.
    pub async fn redrive(&self, id: &str, how: Redrive, origin: &Origin) -> Decided<Redriven> {
        let command = RedriveDeadLetter { letters: &*self.letters, inbox: self.inbox(), id, how };
        self.decide(&command, origin).await
    }

    /// Sends another message in the place of a letter's: an envelope of its own id, which names that one as its cause.
    ///
    /// # Errors
    /// [`DecideError`] says what stands in the way.
    pub async fn edit(&self, id: &str, edit: Edit<'_>, origin: &Origin) -> Decided<Redriven> {
        let command = EditDeadLetter { letters: &*self.letters, inbox: self.inbox(), id, edit };
        self.decide(&command, origin).await
    }

    /// Gives a letter's message up.
    ///
    /// # Errors
    /// [`DecideError`] says what stands in the way.
    pub async fn discard(&self, id: &str, reason: &str, origin: &Origin) -> Decided<Discarded> {
        let command =
            DiscardDeadLetter { letters: &*self.letters, inbox: self.inbox(), id, reason };
        self.decide(&command, origin).await
    }

    async fn decide<C: Command<Error = DecideError>>(
        &self,
        command: &C,
        origin: &Origin,
    ) -> Decided<C::Output> {
        if self.rehearses {
            let output = self.runtime.rehearse(command, origin).await?;
            return Ok(Executed { output, replayed: false });
        }
        self.runtime.execute(command, origin).await
    }

    fn inbox(&self) -> &dyn crate::port::Inbox {
        &*self.runtime.ports().inbox
    }
}

impl fmt::Debug for DeadLetterOffice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetterOffice").finish_non_exhaustive()
    }
}
