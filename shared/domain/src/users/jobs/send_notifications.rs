//! Mail to users, and what follows a sign-up: a welcome, and word to whoever had invited the user.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use postroom::port::{MailError, Mailer};
use postroom::{
    Blame, Blames, Classify, DedupKey, Effects, Envelope, Job, OnUnknown, Outcome, ReadError, Tx,
    Verdict,
};

use super::UnsubscribeUrl;
use super::letterhead::{Recipient, mail};
use crate::id::UserId;
use crate::users::{InvitationAccepted, User, UserSignedUp};

/// How long a mail is not sent again, whoever publishes once more what it follows. The inbox remembers longer anyway.
pub(super) const KEPT: Duration = Duration::from_hours(7 * 24);
/// For a mailer that answers late: its own limit is 10 s, and a run that is cut short is for a person to look after.
pub(super) const TIME_NEEDED: Duration = Duration::from_secs(12);

/// Sends the mail that a sign-up and a trial call for: each of its kind once for each user, and never twice.
///
/// No service of mail knows a mail again. So where nobody knows whether one was sent, because the worker died or there was no
/// answer, it is not sent again: the message is parked, and a person decides.
#[derive(Clone)]
pub struct SendNotifications {
    mailer: Arc<dyn Mailer>,
    unsubscribe: Option<UnsubscribeUrl>,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendNotificationsError {
    /// Whoever is written to could not be read; retryable as the store says.
    #[error("cannot read user {user_id}")]
    Read {
        user_id: UserId,
        #[source]
        source: ReadError,
    },
    /// It was not taken, or may have been; the mailer knows whether it may be sent again.
    #[error("cannot send mail to user {user_id}")]
    Mail {
        user_id: UserId,
        #[source]
        source: MailError,
    },
}

impl Classify for SendNotificationsError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Read { source, .. } => source.verdict(),
            Self::Mail { source, .. } => source.verdict(),
        }
    }
}

impl Blames for SendNotificationsError {
    fn blame(&self) -> Blame {
        match self {
            Self::Read { .. } => Blame::NotAsked,
            Self::Mail { source, .. } => source.blame(),
        }
    }
}

impl SendNotifications {
    /// The job's name, and its queue's.
    pub const NAME: &'static str = "send-notifications";
    /// The name of mail among the services that jobs call: by it all workers share one gate.
    pub const MAIL: &'static str = "mail";

    /// The job, sending by this mailer. Without a URL no mail says how it is turned off.
    pub fn new(mailer: Arc<dyn Mailer>, unsubscribe: Option<UnsubscribeUrl>) -> Self {
        Self { mailer, unsubscribe }
    }

    pub(super) async fn send(
        &self,
        to: Recipient<'_>,
        subject: &str,
        paragraphs: &[String],
    ) -> Result<Outcome, SendNotificationsError> {
        let mail = mail(to, subject, paragraphs, self.unsubscribe.as_ref());
        let sent = self.mailer.send(&mail).await;
        sent.map_err(|source| SendNotificationsError::Mail { user_id: to.user, source })?;
        Ok(Outcome::DONE)
    }
}

impl Job<UserSignedUp> for SendNotifications {
    const NAME: &'static str = Self::NAME;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    const TIME_NEEDED: Duration = TIME_NEEDED;
    const KEPT: Duration = KEPT;
    type Done = ();
    type Error = SendNotificationsError;

    /// By the user: a second event of the same sign-up sends nothing.
    fn key(event: &Envelope<UserSignedUp>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, &format!("welcome/{}", event.data.user_id))
    }

    async fn perform(
        &self,
        event: &Envelope<UserSignedUp>,
        _effects: &Effects,
    ) -> Result<Outcome, SendNotificationsError> {
        let UserSignedUp { user_id, email, name, plan, .. } = &event.data;
        let to = Recipient { tenant: &event.tenant_id, user: *user_id, email, name };
        let paragraphs = [format!("Welcome! You are on the plan {plan}.")];
        self.send(to, &format!("Welcome, {name}"), &paragraphs).await
    }

    async fn record(
        &self,
        _event: &Envelope<UserSignedUp>,
        (): &(),
        _tx: &mut Tx,
    ) -> Result<(), SendNotificationsError> {
        // That it was sent is in the run's own record, and nobody asks for it elsewhere.
        Ok(())
    }
}

impl Job<InvitationAccepted> for SendNotifications {
    const NAME: &'static str = Self::NAME;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    const TIME_NEEDED: Duration = TIME_NEEDED;
    const KEPT: Duration = KEPT;
    type Done = ();
    type Error = SendNotificationsError;

    /// By the user who was invited: the other may have invited many.
    fn key(event: &Envelope<InvitationAccepted>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, &format!("invitation/{}", event.data.user_id))
    }

    async fn perform(
        &self,
        event: &Envelope<InvitationAccepted>,
        effects: &Effects,
    ) -> Result<Outcome, SendNotificationsError> {
        let InvitationAccepted { name, invited_by: user_id, .. } = &event.data;
        let user_id = *user_id;
        let found = effects.reader().get(&User::at(user_id)).await;
        let found = found.map_err(|source| SendNotificationsError::Read { user_id, source })?;
        let Some(inviter) = found else {
            return Ok(Outcome::Skipped { reason: "whoever had invited the user is none" });
        };
        let User { email, name: inviter, .. } = &inviter.value;
        let to = Recipient { tenant: &event.tenant_id, user: user_id, email, name: inviter };
        let paragraphs = [format!("{name} has accepted your invitation.")];
        self.send(to, &format!("{name} has joined"), &paragraphs).await
    }

    async fn record(
        &self,
        _event: &Envelope<InvitationAccepted>,
        (): &(),
        _tx: &mut Tx,
    ) -> Result<(), SendNotificationsError> {
        // As above.
        Ok(())
    }
}

impl fmt::Debug for SendNotifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendNotifications").finish_non_exhaustive()
    }
}
