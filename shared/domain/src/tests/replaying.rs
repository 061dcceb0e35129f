//! Events that are sent once more: what is done again, and what never is.

use std::sync::Arc;

use postroom::memory::MemoryMailer;
use postroom::{Disposition, RawEnvelope};
use serde_json::{Value, json};

use super::world::World;
use crate::campaigns::CampaignStatus;
use crate::users::jobs::SendNotifications;
use crate::users::{SignUpUser, UserInput};
use crate::{Settings, reactions};

const REPLAY: &str = "019aa5c2-7b10-7c3e-8a41-5d0f6e2b9c11";

/// A message as a replay sends it.
fn replayed(body: &str, again: bool) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    body["replayid"] = json!(REPLAY);
    if again {
        body["replayagain"] = json!(true);
    }
    body.to_string()
}

/// The keys that the provider is given for a message and for what a replay makes of it.
fn keys(handler: &str, body: &str) -> [String; 2] {
    let id = RawEnvelope::parse(body).unwrap().id;
    [format!("{handler}#{id}"), format!("{handler}#{id}#{REPLAY}")]
}

/// Whoever adds a name here says that all its effects may happen once more: it asks, and overwrites what it was told before.
#[test]
fn none_but_these_may_be_run_again() {
    let table = reactions(&Settings::default());

    let mut replayable: Vec<_> = table
        .types()
        .into_iter()
        .flat_map(|r#type| table.queued(r#type).iter().map(move |handler| (*handler, r#type)))
        .filter(|(handler, r#type)| table.replayable(handler, r#type))
        .map(|(handler, _)| handler)
        .collect();
    replayable.sort_unstable();
    replayable.dedup();

    assert_eq!(replayable, ["sync-campaign", "sync-statistics"]);
}

#[tokio::test]
async fn nobody_is_welcomed_twice_by_any_replay() {
    let (world, mailer) = (World::new(), MemoryMailer::default());
    let worker = world.notifier(Arc::new(mailer.clone()));
    let input = json!({ "email": "ann@example.com", "name": "Ann" });
    let input: UserInput = serde_json::from_value(input).unwrap();
    world.execute(&SignUpUser::try_from(input).unwrap()).await.unwrap();
    let message = world.queue.sent(SendNotifications::NAME)[0].body.clone();

    for body in [&message, &replayed(&message, false), &replayed(&message, true)] {
        assert_eq!(world.deliver_to(&worker, body).await, Disposition::Acknowledge);
    }

    assert_eq!(mailer.sent().len(), 1);
    let [letter] = world.memory.dead_letters().try_into().unwrap();
    assert!(letter.reason().contains("send-notifications is not replayable"));
}

#[tokio::test]
async fn figures_are_asked_for_again_under_a_key_of_the_replay() {
    let world = World::new();
    let id = world.create().await;
    world.publish(id).await.unwrap();
    let message = world.message();

    for body in [&message, &replayed(&message, false), &replayed(&message, true)] {
        assert_eq!(world.deliver(body).await, Disposition::Acknowledge);
    }

    assert_eq!(world.provider.keys(), keys("sync-statistics", &message));
    let synced = world.events().into_iter().filter(|name| name == "statistics.synced");
    assert_eq!(synced.count(), 2);
}

#[tokio::test]
async fn a_provider_that_has_lost_a_campaign_is_told_its_last_step_again() {
    let world = World::new();
    let campaign_id = world.create().await;
    world.publish(campaign_id).await.unwrap();
    let [step] = world.steps().try_into().unwrap();

    for body in [&step, &replayed(&step, true), &replayed(&step, true)] {
        assert_eq!(world.deliver_step(body).await, Disposition::Acknowledge);
    }

    assert_eq!(world.provider.pushes(), [(2, CampaignStatus::Published); 2]);
    assert_eq!(world.provider.keys(), keys("sync-campaign", &step));
}
