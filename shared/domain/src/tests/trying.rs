//! Trials: reminded and ended in time, ended by an upgrade before, and nothing for what comes late or twice.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::MemoryMailer;
use postroom::{Disposition, ExecuteError, RawEnvelope, Refuse};
use serde_json::{Value, json};

use super::world::World;
use crate::UserId;
use crate::trials::jobs::RunTrials;
use crate::trials::{GetTrialError, Trial, TrialStatus, get_trial};
use crate::users::jobs::SendNotifications;
use crate::users::{Plan, SignUpUser, UpgradeUser, UpgradeUserError, User, UserInput, get_user};

const DAY: Duration = Duration::from_hours(24);
/// To where the reminder is due, and from there to the end.
pub(super) const UNTIL_REMINDER: Duration = Duration::from_hours(11 * 24);
pub(super) const UNTIL_END: Duration = Duration::from_hours(3 * 24);

impl World {
    pub(super) async fn signed_up(&self, plan: &str) -> User {
        let input = json!({ "email": "ann@example.com", "name": "Ann", "plan": plan });
        let input: UserInput = serde_json::from_value(input).unwrap();
        self.execute(&SignUpUser::try_from(input).unwrap()).await.unwrap()
    }

    pub(super) async fn upgraded(
        &self,
        user_id: UserId,
        plan: &str,
    ) -> Result<User, ExecuteError<UpgradeUserError>> {
        self.execute(&UpgradeUser { user_id, plan: named(plan) }).await
    }

    /// Lets time pass, and delivers the time-outs that come; answers their bodies.
    async fn run_trials_after(&self, time: Duration) -> Vec<String> {
        let before = self.queue.sent(RunTrials::NAME).len();
        self.wait(time);
        self.relay().await;
        let sent = self.queue.sent(RunTrials::NAME).split_off(before);
        let bodies: Vec<String> = sent.into_iter().map(|sent| sent.body).collect();
        for body in &bodies {
            assert_eq!(self.run_trial(body).await, Disposition::Acknowledge);
        }
        bodies
    }

    pub(super) async fn run_trial(&self, body: &str) -> Disposition {
        self.deliver_to(&self.trial_runner(), body).await
    }

    async fn trial_of(&self, user_id: UserId) -> Trial {
        get_trial(&self.reader(), user_id).await.unwrap()
    }

    /// How a trial stands, and on which plan its user is.
    pub(super) async fn trial_stands(&self, user_id: UserId) -> (TrialStatus, String) {
        let plan = get_user(&self.reader(), user_id).await.unwrap().plan;
        (self.trial_of(user_id).await.status, plan.to_string())
    }

    /// Delivers all mail that was ordered; answers what was sent, by its subject.
    async fn mailed(&self) -> Vec<String> {
        let ordered = self.queue.sent(SendNotifications::NAME).into_iter();
        self.mailed_for(ordered.map(|message| message.body)).await
    }

    /// The same of these messages.
    async fn mailed_for(&self, bodies: impl IntoIterator<Item = String>) -> Vec<String> {
        let mailer = MemoryMailer::default();
        let worker = self.notifier(Arc::new(mailer.clone()));
        for body in bodies {
            assert_eq!(self.deliver_to(&worker, &body).await, Disposition::Acknowledge);
        }
        mailer.sent().into_iter().map(|mail| mail.subject).collect()
    }
}

pub(super) fn named(plan: &str) -> Plan {
    Plan::try_from(plan.to_owned()).unwrap()
}

pub(super) fn at(status: TrialStatus, plan: &str) -> (TrialStatus, String) {
    (status, plan.to_owned())
}

/// The same message under another id, as somebody sends it by hand.
fn by_hand(body: &str, id: &str) -> String {
    let mut message: Value = serde_json::from_str(body).unwrap();
    message["id"] = json!(id);
    message.to_string()
}

const BY_HAND: &str = "4d2a9c1e-8b7f-5e36-a0c5-1f9d3b7e6a42";

#[tokio::test]
async fn a_trial_reminds_after_days_and_ends_after_more_and_takes_back_the_plan() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Running, "trial"));

    let early = world.run_trials_after(10 * DAY).await;
    let reminded = world.run_trials_after(DAY).await;
    let between = world.trial_stands(ann.id).await;
    let ended = world.run_trials_after(UNTIL_END).await;

    assert_eq!((early.len(), reminded.len(), ended.len()), (0, 1, 1));
    assert_eq!(between, at(TrialStatus::Reminded, "trial"));
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Expired, "free"));
    assert_eq!(world.events(), ["trial.ending", "trial.expired", "user.signed_up"]);
    assert_eq!(world.memory.outbox_rows().len(), 0);
}

#[tokio::test]
async fn both_times_are_as_the_terms_say_and_stay() {
    let world = World::new();
    let ann = world.signed_up("trial").await;

    let trial = world.trial_of(ann.id).await;

    assert_eq!(trial.began_at, ann.created_at);
    assert_eq!(trial.reminds_at, ann.created_at + UNTIL_REMINDER);
    assert_eq!(trial.ends_at, ann.created_at + UNTIL_REMINDER + UNTIL_END);
}

#[tokio::test]
async fn an_upgrade_ends_the_trial_and_takes_back_what_was_to_come() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    assert_eq!(world.memory.outbox_rows().len(), 2);

    world.upgraded(ann.id, "pro").await.unwrap();

    assert_eq!(world.memory.outbox_rows().len(), 0);
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Upgraded, "pro"));
    assert!(world.run_trials_after(UNTIL_REMINDER + UNTIL_END).await.is_empty());
    assert_eq!(world.events(), ["user.signed_up", "user.upgraded"]);
}

#[tokio::test]
async fn an_upgrade_after_the_reminder_takes_back_the_expiry_alone() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    world.run_trials_after(UNTIL_REMINDER).await;
    assert_eq!(world.memory.outbox_rows().len(), 1);

    world.upgraded(ann.id, "pro").await.unwrap();

    assert_eq!(world.memory.outbox_rows().len(), 0);
    assert!(world.run_trials_after(UNTIL_END).await.is_empty());
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Upgraded, "pro"));
}

#[tokio::test]
async fn an_upgrade_that_is_refused_takes_nothing_back() {
    let world = World::new();
    let ann = world.signed_up("trial").await;

    for (plan, code) in [("trial", "not-an-upgrade"), ("free", "not-an-upgrade")] {
        let refused = world.upgraded(ann.id, plan).await.unwrap_err();
        let ExecuteError::Command { source, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(source.refusal().map(|refusal| refusal.code), Some(code), "{plan}");
    }

    assert_eq!(world.memory.outbox_rows().len(), 2);
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Running, "trial"));
}

#[tokio::test]
async fn time_outs_that_come_after_the_upgrade_change_nothing_and_say_why() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    let rows = world.memory.outbox_rows();
    world.upgraded(ann.id, "pro").await.unwrap();
    let (events, items) = (world.events(), world.memory.items());

    // They were on their way when the upgrade came.
    world.wait(UNTIL_REMINDER + UNTIL_END);
    for row in rows {
        assert_eq!(world.run_trial(&row.body).await, Disposition::Acknowledge);

        let skipped = world.skipped(RunTrials::NAME, &row.body).await;
        assert_eq!(skipped.as_deref(), Some("the user has upgraded"));
    }

    assert_eq!((world.events(), world.memory.items()), (events, items));
}

#[tokio::test]
async fn a_time_out_that_comes_again_changes_nothing() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    let reminder = world.run_trials_after(UNTIL_REMINDER).await.remove(0);
    let before = (world.events(), world.memory.items());

    let again = by_hand(&reminder, BY_HAND);
    for body in [&reminder, &again] {
        assert_eq!(world.run_trial(body).await, Disposition::Acknowledge);
    }

    assert_eq!((world.events(), world.memory.items()), before);
    let skipped = world.skipped(RunTrials::NAME, &again).await;
    assert_eq!(skipped.as_deref(), Some("the user was reminded"));

    let expiry = world.run_trials_after(UNTIL_END).await.remove(0);
    let ended = (world.events(), world.memory.items());
    let again = by_hand(&expiry, "5e3bad2f-9c80-5f47-b1d6-2a0e4c8f7b53");
    for body in [&expiry, &again] {
        assert_eq!(world.run_trial(body).await, Disposition::Acknowledge);
    }

    assert_eq!((world.events(), world.memory.items()), ended);
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Expired, "free"));
}

#[tokio::test]
async fn a_reminder_that_comes_after_the_end_changes_nothing() {
    let world = World::new();
    world.signed_up("trial").await;
    world.wait(UNTIL_REMINDER + UNTIL_END);
    world.relay().await;
    let [reminder, expiry] = world.queue.sent(RunTrials::NAME).try_into().unwrap();

    for message in [&expiry, &reminder] {
        assert_eq!(world.run_trial(&message.body).await, Disposition::Acknowledge);
    }

    let skipped = world.skipped(RunTrials::NAME, &reminder.body).await;
    assert_eq!(skipped.as_deref(), Some("the trial is over"));
    assert_eq!(world.events(), ["trial.expired", "user.signed_up"]);
}

#[tokio::test]
async fn a_time_out_of_another_trial_changes_nothing() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    let mut message: Value = serde_json::from_str(&world.memory.outbox_rows()[0].body).unwrap();
    message["id"] = json!(BY_HAND);
    message["data"]["due"] = json!(ann.created_at);

    assert_eq!(world.run_trial(&message.to_string()).await, Disposition::Acknowledge);

    let skipped = world.skipped(RunTrials::NAME, &message.to_string()).await;
    assert_eq!(skipped.as_deref(), Some("the time-out is of another trial"));
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Running, "trial"));
}

#[tokio::test]
async fn a_time_out_that_comes_before_its_time_waits_and_is_no_duplicate_then() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    let rows = world.memory.outbox_rows();
    let is_expiry = |row: &&postroom::port::OutboxRow| row.body.contains("expiry");
    let body = &rows.iter().find(is_expiry).unwrap().body;
    // Two seconds before its time: each delivery takes one.
    world.wait((UNTIL_REMINDER + UNTIL_END).saturating_sub(Duration::from_secs(3)));

    let early = world.run_trial(body).await;
    let before = world.trial_stands(ann.id).await;
    world.wait(DAY);
    let late = world.run_trial(body).await;

    assert!(matches!(early, Disposition::Redeliver { .. }), "{early:?}");
    assert_eq!(before, at(TrialStatus::Running, "trial"));
    assert_eq!(late, Disposition::Acknowledge);
    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Expired, "free"));
}

#[tokio::test]
async fn whoever_signs_up_on_another_plan_has_no_trial_and_can_upgrade() {
    let world = World::new();
    let ann = world.signed_up("free").await;

    let none = get_trial(&world.reader(), ann.id).await;
    let upgraded = world.upgraded(ann.id, "pro").await.unwrap();
    let again = world.upgraded(ann.id, "pro").await.unwrap_err();

    assert!(matches!(none, Err(GetTrialError::NotFound { .. })), "{none:?}");
    assert!(world.memory.outbox_rows().is_empty());
    assert_eq!(upgraded.plan, named("pro"));
    let ExecuteError::Command { source: UpgradeUserError::AlreadyOnPlan { .. }, .. } = again else {
        panic!("{again:?}")
    };
    assert_eq!(world.events(), ["user.signed_up", "user.upgraded"]);
}

#[tokio::test]
async fn who_upgrades_after_the_end_has_the_plan_and_the_trial_stays_over() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    world.run_trials_after(UNTIL_REMINDER + UNTIL_END).await;

    world.upgraded(ann.id, "pro").await.unwrap();

    assert_eq!(world.trial_stands(ann.id).await, at(TrialStatus::Expired, "pro"));
    let record = world.memory.journal_records().pop().unwrap();
    let event: RawEnvelope = record.envelope;
    assert_eq!((event.r#type.as_str(), &event.data["from"]), ("user.upgraded", &json!("free")));
}

#[tokio::test]
async fn a_user_is_reminded_and_told_of_the_end_by_one_mail_each() {
    let world = World::new();
    world.signed_up("trial").await;
    let reminder = world.run_trials_after(UNTIL_REMINDER).await.remove(0);
    let first = world.mailed().await;
    world.run_trial(&by_hand(&reminder, BY_HAND)).await;
    world.run_trials_after(UNTIL_END).await;

    let second = world.mailed().await;

    assert_eq!(first, ["Welcome, Ann", "Your trial ends soon"]);
    assert_eq!(second, ["Your trial is over"]);
}

#[tokio::test]
async fn a_second_event_of_a_reminder_or_of_an_end_mails_nothing() {
    let world = World::new();
    world.signed_up("trial").await;
    for (time, subject) in
        [(UNTIL_REMINDER, "Your trial ends soon"), (UNTIL_END, "Your trial is over")]
    {
        world.run_trials_after(time).await;
        assert_eq!(world.mailed().await.last().unwrap(), subject);
        let event = world.queue.sent(SendNotifications::NAME).pop().unwrap();

        let again = world.mailed_for([by_hand(&event.body, BY_HAND)]).await;

        assert!(again.is_empty(), "{again:?}");
    }
}

#[tokio::test]
async fn who_upgraded_in_the_meantime_is_not_sent_what_is_not_true_any_more() {
    let world = World::new();
    let ann = world.signed_up("trial").await;
    world.mailed().await;
    world.run_trials_after(UNTIL_REMINDER).await;
    world.upgraded(ann.id, "pro").await.unwrap();

    assert!(world.mailed().await.is_empty());
}
