//! Mail that is sent for us.

use std::error::Error;

use crate::BoxFuture;
use crate::verdict::{Blame, Blames, Classify, Verdict};

/// Sends mail, from one sender that it knows.
///
/// A call sends its mail once or not at all: an adapter repeats nothing, for services of mail know no mail again. A job that
/// sends says [`OnUnknown::Park`](crate::OnUnknown::Park).
pub trait Mailer: Send + Sync {
    /// Hands a mail over to be sent. That it was taken does not say that it arrives.
    ///
    /// # Errors
    /// See [`MailError`], which says whether it may have been sent.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>>;
}

/// A mail to one recipient, as text and as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `ann@example.com`, without a name.
    pub to: String,
    /// One line.
    pub subject: String,
    /// For whoever reads no HTML.
    pub text: String,
    /// A whole document. Whatever strangers wrote is escaped in it.
    pub html: String,
    /// Others than those which every mail has, by their names: one line of printable ASCII each.
    pub headers: Vec<(&'static str, String)>,
}

/// Why a mail was not taken, or nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The service asks to slow down, has no capacity or was not reached. Nothing was sent. Retryable.
    #[error("mail is not taken now")]
    NotNow {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// We may not send at all: paused, suspended, without the right, or the sender's domain is not verified. Nothing was sent.
    /// Retryable: somebody has to mend it, and the mail is as good as before.
    #[error("nobody may send mail here now")]
    NotPermitted {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// This mail is none that is sent: its address, its content. Nothing was sent. Permanent.
    #[error("the mail is rejected")]
    Rejected {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It may have been sent: there was no answer, or none that says. Permanent, as nobody may send it again but a person.
    #[error("the mail may have been sent: that is for a person to find out")]
    Unknown {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Classify for MailError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotNow { .. } | Self::NotPermitted { .. } => Verdict::RETRY,
            Self::Rejected { .. } | Self::Unknown { .. } => Verdict::Permanent,
        }
    }
}

impl Blames for MailError {
    fn blame(&self) -> Blame {
        match self {
            Self::NotNow { .. } | Self::NotPermitted { .. } | Self::Unknown { .. } => {
                Blame::Provider
            }
            Self::Rejected { .. } => Blame::Message,
        }
    }
}
