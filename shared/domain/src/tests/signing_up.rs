//! Signing up: each address once, also of two at the same time, and what is known of it afterwards.

use std::sync::Mutex;

use postroom::{Command, ExecuteError, RawEnvelope, Tx};
use serde_json::json;

use super::world::World;
use crate::UserId;
use crate::users::{SignUpUser, SignUpUserError, User, UserInput, UserSignedUp, get_user};

fn signing_up(email: &str, name: &str, invited_by: Option<UserId>) -> SignUpUser {
    let input = json!({ "email": email, "name": name, "invited_by": invited_by });
    serde_json::from_value::<UserInput>(input).unwrap().try_into().unwrap()
}

async fn sign_up(world: &World, email: &str) -> User {
    world.execute(&signing_up(email, "Ann", None)).await.unwrap()
}

#[tokio::test]
async fn a_user_is_there_with_the_event() {
    let world = World::new();

    let ann = sign_up(&world, "ann@example.com").await;

    assert_eq!(get_user(&world.reader(), ann.id).await.unwrap(), ann);
    assert_eq!(world.events(), ["user.signed_up"]);
    let event: RawEnvelope = world.memory.journal_records().remove(0).envelope;
    assert_eq!((event.data_version, event.stream_version), (2, Some(1)));
    assert_eq!(event.decode::<UserSignedUp>().unwrap().data.user_id, ann.id);
}

#[tokio::test]
async fn that_an_invitation_was_accepted_is_a_fact_of_its_own() {
    let world = World::new();
    let bob = sign_up(&world, "bob@example.com").await;

    let ann = signing_up("ann@example.com", "Ann", Some(bob.id));
    let ann = world.execute(&ann).await.unwrap();

    assert_eq!(ann.invited_by, Some(bob.id));
    assert_eq!(world.events(), ["user.signed_up", "user.signed_up", "invitation.accepted"]);
}

#[tokio::test]
async fn of_two_who_sign_up_with_one_address_at_the_same_time_one_does() {
    let world = World::new();
    let first = signing_up("ann@example.com", "First", None);
    let second = signing_up(" ANN@example.com", "Second", None);
    let overtaken = Overtaken { world: &world, second, first: Mutex::new(Some(first)) };

    let refused = world.execute(&overtaken).await.unwrap_err();

    let ExecuteError::Command { source: SignUpUserError::EmailTaken { user_id }, .. } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(get_user(&world.reader(), user_id).await.unwrap().name, "First");
    assert_eq!(world.events(), ["user.signed_up"]);
}

/// Signs up, after another has while it was thinking.
struct Overtaken<'a> {
    world: &'a World,
    second: SignUpUser,
    first: Mutex<Option<SignUpUser>>,
}

impl Command for Overtaken<'_> {
    const NAME: &'static str = "sign-up-user";
    type Output = User;
    type Error = SignUpUserError;

    async fn handle(&self, tx: &mut Tx) -> Result<User, SignUpUserError> {
        let signed_up = self.second.handle(tx).await?;
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            self.world.execute(&first).await.unwrap();
        }
        Ok(signed_up)
    }
}
