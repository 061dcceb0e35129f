//! Trials that end from two sides at the same time.

use std::sync::Mutex;

use postroom::{Command, Disposition, Envelope, Job, RawEnvelope, Tx, TxError};

use super::trying::{UNTIL_END, UNTIL_REMINDER, at, named};
use super::world::World;
use crate::trials::jobs::RunTrials;
use crate::trials::{TrialStatus, TrialTimeout};
use crate::users::{UpgradeUser, UpgradeUserError, User};

#[tokio::test]
async fn of_an_upgrade_and_an_expiry_at_the_same_time_the_upgrade_is_not_lost() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    world.wait(UNTIL_REMINDER + UNTIL_END);
    world.relay().await;
    let messages = world.queue.sent(RunTrials::NAME);
    let expiry = messages.iter().find(|message| message.body.contains("expiry")).unwrap();
    let upgrade = UpgradeUser { user_id: ann.id, plan: named("pro") };
    let raced = Overtaken { world: &world, upgrade, by: Mutex::new(Some(expiry.body.clone())) };

    let upgraded = world.execute(&raced).await.unwrap();

    // The expiry came first; the upgrade ran again, and found the plan that it had left.
    assert_eq!(upgraded.plan, named("pro"));
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Expired, "pro"));
    assert_eq!(world.events(), ["trial.expired", "user.signed_up", "user.upgraded"]);
}

#[tokio::test]
async fn an_upgrade_between_the_two_halves_of_an_expiry_wins() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    world.wait(UNTIL_REMINDER + UNTIL_END);
    world.relay().await;
    let messages = world.queue.sent(RunTrials::NAME);
    let expiry = messages.iter().find(|message| message.body.contains("expiry")).unwrap();
    let second_half = Record(RawEnvelope::parse(&expiry.body).unwrap().decode().unwrap());

    // The first half has seen a trial that runs.
    world.upgraded(ann.id, "pro").await.unwrap();
    world.execute(&second_half).await.unwrap();

    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Upgraded, "pro"));
    assert_eq!(world.events(), ["user.signed_up", "user.upgraded"]);
}

/// What a job writes, without what it did before.
struct Record(Envelope<TrialTimeout>);

impl Command for Record {
    const NAME: &'static str = "record";
    type Output = ();
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), TxError> {
        RunTrials.record(&self.0, &(), tx).await.unwrap();
        Ok(())
    }
}

/// Upgrades, after the trial has ended while it was thinking.
struct Overtaken<'a> {
    world: &'a World,
    upgrade: UpgradeUser,
    by: Mutex<Option<String>>,
}

impl Command for Overtaken<'_> {
    const NAME: &'static str = "upgrade-user";
    type Output = User;
    type Error = UpgradeUserError;

    async fn handle(&self, tx: &mut Tx) -> Result<User, UpgradeUserError> {
        let upgraded = self.upgrade.handle(tx).await?;
        let by = self.by.lock().unwrap().take();
        if let Some(body) = by {
            assert_eq!(self.world.run_trial(&body).await, Disposition::Acknowledge);
        }
        Ok(upgraded)
    }
}
