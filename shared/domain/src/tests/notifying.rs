//! Mail after a sign-up: once for each user, never twice, and not at all where nobody knows.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::MemoryMailer;
use postroom::port::{FailureClass, MailError};
use postroom::{Disposition, Worker};
use serde_json::{Value, json};

use super::world::World;
use crate::UserId;
use crate::users::jobs::SendNotifications;
use crate::users::{SignUpUser, User, UserInput};

/// A world, the worker that sends mail, and what it has sent.
struct Bench {
    world: World,
    mailer: MemoryMailer,
    worker: Worker,
}

impl Bench {
    fn new() -> Self {
        let (world, mailer) = (World::new(), MemoryMailer::default());
        let worker = world.notifier(Arc::new(mailer.clone()));
        Self { world, mailer, worker }
    }

    async fn sign_up(&self, email: &str, name: &str, invited_by: Option<UserId>) -> User {
        let input = json!({ "email": email, "name": name, "invited_by": invited_by });
        let input: UserInput = serde_json::from_value(input).unwrap();
        self.world.execute(&SignUpUser::try_from(input).unwrap()).await.unwrap()
    }

    /// The messages that were left for the worker, in their order.
    fn messages(&self) -> Vec<String> {
        let sent = self.world.queue.sent(SendNotifications::NAME).into_iter();
        sent.map(|sent| sent.body).collect()
    }

    async fn deliver(&self, body: &str) -> Disposition {
        self.world.deliver_to(&self.worker, body).await
    }

    /// Whom mail was sent, and what about.
    fn sent(&self) -> Vec<(String, String)> {
        self.mailer.sent().into_iter().map(|mail| (mail.to, mail.subject)).collect()
    }

    /// Of each letter, its class and the end of its reason.
    fn letters(&self) -> Vec<(FailureClass, String)> {
        let letters = self.world.memory.dead_letters().into_iter();
        letters.map(|letter| (letter.class, letter.causes.last().unwrap().clone())).collect()
    }
}

fn pair(to: &str, subject: &str) -> (String, String) {
    (to.to_owned(), subject.to_owned())
}

#[tokio::test]
async fn whoever_signs_up_is_welcomed_once() {
    let bench = Bench::new();
    bench.sign_up("ann@example.com", "Ann", None).await;
    let [message] = bench.messages().try_into().unwrap();

    for _ in 0..2 {
        assert_eq!(bench.deliver(&message).await, Disposition::Acknowledge);
    }

    assert_eq!(bench.sent(), [pair("ann@example.com", "Welcome, Ann")]);
    assert!(bench.mailer.sent()[0].text.contains("You are on the plan free."));
}

#[tokio::test]
async fn a_second_event_of_a_sign_up_sends_nothing() {
    let bench = Bench::new();
    bench.sign_up("ann@example.com", "Ann", None).await;
    let [message] = bench.messages().try_into().unwrap();
    bench.deliver(&message).await;
    let mut other: Value = serde_json::from_str(&message).unwrap();
    other["id"] = json!("4d2a9c1e-8b7f-5e36-a0c5-1f9d3b7e6a42");

    assert_eq!(bench.deliver(&other.to_string()).await, Disposition::Acknowledge);

    assert_eq!(bench.sent().len(), 1);
    assert_eq!(bench.letters(), []);
}

#[tokio::test]
async fn whoever_invited_a_user_is_told_and_each_is_written_to_once() {
    let bench = Bench::new();
    let bob = bench.sign_up("bob@example.com", "Bob", None).await;
    bench.sign_up("ann@example.com", "Ann", Some(bob.id)).await;
    bench.sign_up("eve@example.com", "Eve", Some(bob.id)).await;

    for _ in 0..2 {
        for message in bench.messages() {
            bench.deliver(&message).await;
        }
    }

    let mut sent = bench.sent();
    sent.sort();
    let expected = [
        pair("ann@example.com", "Welcome, Ann"),
        pair("bob@example.com", "Ann has joined"),
        pair("bob@example.com", "Eve has joined"),
        pair("bob@example.com", "Welcome, Bob"),
        pair("eve@example.com", "Welcome, Eve"),
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let bench = Bench::new();
    bench.sign_up("ann@example.com", "Ann", None).await;
    let [message] = bench.messages().try_into().unwrap();
    bench.mailer.answer(MailError::NotNow { source: "slow down".into() });
    bench.mailer.answer(MailError::NotPermitted { source: "paused".into() });

    for _ in 0..2 {
        let disposition = bench.deliver(&message).await;
        assert!(matches!(disposition, Disposition::Redeliver { .. }), "{disposition:?}");
        bench.world.wait(Duration::from_mins(15));
    }

    assert_eq!(bench.deliver(&message).await, Disposition::Acknowledge);
    assert_eq!(bench.sent().len(), 1);
}

#[tokio::test]
async fn what_is_rejected_is_parked_and_not_tried_again() {
    let bench = Bench::new();
    bench.sign_up("ann@example.com", "Ann", None).await;
    let [message] = bench.messages().try_into().unwrap();
    bench.mailer.answer(MailError::Rejected { source: "no such domain".into() });

    for _ in 0..2 {
        assert_eq!(bench.deliver(&message).await, Disposition::Acknowledge);
    }

    assert_eq!(bench.letters(), [(FailureClass::Permanent, "no such domain".to_owned())]);
    assert_eq!(bench.sent(), []);
}

#[tokio::test]
async fn what_may_have_been_sent_is_parked_and_not_sent_again() {
    let bench = Bench::new();
    bench.sign_up("ann@example.com", "Ann", None).await;
    let [message] = bench.messages().try_into().unwrap();
    bench.mailer.answer(MailError::Unknown { source: "no answer".into() });

    for _ in 0..2 {
        assert_eq!(bench.deliver(&message).await, Disposition::Acknowledge);
    }

    assert_eq!(bench.letters(), [(FailureClass::Permanent, "no answer".to_owned())]);
    assert_eq!(bench.sent().len(), 1);
}

#[tokio::test]
async fn a_sign_up_of_before_there_were_plans_is_welcomed_too() {
    let bench = Bench::new();
    let shipped = include_str!("../../../../events/versions/user.signed_up.v1.json");

    assert_eq!(bench.deliver(shipped).await, Disposition::Acknowledge);

    assert_eq!(bench.sent(), [pair("ann@example.com", "Welcome, Ann Smith")]);
    assert!(bench.mailer.sent()[0].text.contains("You are on the plan free."));
}

#[tokio::test]
async fn a_version_that_comes_before_its_code_is_parked_with_its_reason() {
    let bench = Bench::new();
    let message = include_str!("../../../../events/not_yet/user.signed_up.v3.json");

    assert_eq!(bench.deliver(message).await, Disposition::Acknowledge);

    let reason = "`dataversion` 3 of user.signed_up is newer than 2, the newest this code knows";
    assert_eq!(bench.letters(), [(FailureClass::Permanent, reason.to_owned())]);
    assert_eq!(bench.sent(), []);
}

#[tokio::test]
async fn nobody_is_told_of_an_invitation_that_nobody_made() {
    let bench = Bench::new();
    let message = include_str!("../../../../events/versions/invitation.accepted.v1.json");

    assert_eq!(bench.deliver(message).await, Disposition::Acknowledge);

    assert_eq!((bench.sent(), bench.letters()), (vec![], vec![]));
}
