//! Mail of a trial: that it ends soon, and that it is over.

use std::time::Duration;

use jiff::Timestamp;
use postroom::{DedupKey, Effects, Envelope, Job, OnUnknown, Outcome, Tx};

use super::letterhead::Recipient;
use super::send_notifications::{KEPT, SendNotifications, SendNotificationsError, TIME_NEEDED};
use crate::id::UserId;
use crate::trials::{TrialEnding, TrialExpired};
use crate::users::User;

impl Job<TrialEnding> for SendNotifications {
    const NAME: &'static str = Self::NAME;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    const TIME_NEEDED: Duration = TIME_NEEDED;
    const KEPT: Duration = KEPT;
    type Done = ();
    type Error = SendNotificationsError;

    /// By the user, who has one trial.
    fn key(event: &Envelope<TrialEnding>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, &format!("trial-ending/{}", event.data.user_id))
    }

    async fn perform(
        &self,
        event: &Envelope<TrialEnding>,
        effects: &Effects,
    ) -> Result<Outcome, SendNotificationsError> {
        let TrialEnding { user_id, ends_at } = event.data;
        let Some(user) = recipient(effects, user_id).await?.filter(|user| user.plan.is_trial())
        else {
            return Ok(Outcome::Skipped { reason: "the user is not on trial any more" });
        };
        let paragraphs = [
            format!("Your trial ends on {}.", day(ends_at)),
            "Upgrade before then to keep what you have; otherwise you go on with the plan free."
                .to_owned(),
        ];
        let User { email, name, .. } = &user;
        let to = Recipient { tenant: &event.tenant_id, user: user_id, email, name };
        self.send(to, "Your trial ends soon", &paragraphs).await
    }

    async fn record(
        &self,
        _event: &Envelope<TrialEnding>,
        (): &(),
        _tx: &mut Tx,
    ) -> Result<(), SendNotificationsError> {
        // That it was sent is in the run's own record.
        Ok(())
    }
}

impl Job<TrialExpired> for SendNotifications {
    const NAME: &'static str = Self::NAME;
    const ON_UNKNOWN: OnUnknown = OnUnknown::Park;
    const TIME_NEEDED: Duration = TIME_NEEDED;
    const KEPT: Duration = KEPT;
    type Done = ();
    type Error = SendNotificationsError;

    /// As above.
    fn key(event: &Envelope<TrialExpired>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, &format!("trial-expired/{}", event.data.user_id))
    }

    async fn perform(
        &self,
        event: &Envelope<TrialExpired>,
        effects: &Effects,
    ) -> Result<Outcome, SendNotificationsError> {
        let TrialExpired { user_id, plan } = &event.data;
        let Some(user) = recipient(effects, *user_id).await?.filter(|user| user.plan == *plan)
        else {
            return Ok(Outcome::Skipped { reason: "the user has upgraded since" });
        };
        let paragraphs = [format!("Your trial is over. You are on the plan {plan} now.")];
        let User { email, name, .. } = &user;
        let to = Recipient { tenant: &event.tenant_id, user: *user_id, email, name };
        self.send(to, "Your trial is over", &paragraphs).await
    }

    async fn record(
        &self,
        _event: &Envelope<TrialExpired>,
        (): &(),
        _tx: &mut Tx,
    ) -> Result<(), SendNotificationsError> {
        // As above.
        Ok(())
    }
}

/// The user as of now: the plan may have changed since the event.
async fn recipient(
    effects: &Effects,
    user_id: UserId,
) -> Result<Option<User>, SendNotificationsError> {
    let found = effects.reader().get(&User::at(user_id)).await;
    let found = found.map_err(|source| SendNotificationsError::Read { user_id, source })?;
    Ok(found.map(|found| found.value))
}

/// A day as all readers understand it; who they are, and so their time zone, nobody knows.
fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d (UTC)").to_string()
}
