//! The job `sync-campaign`: what the provider is told, and what not.

use std::time::Duration;

use postroom::{Disposition, RawEnvelope};

use super::world::World;
use crate::ad_provider::{CALL_TIME_OUT, ProviderError};
use crate::campaigns::{
    CampaignStatus, CompleteCampaign, PauseCampaign, ResumeCampaign, get_campaign,
};
use crate::id::CampaignId;

const PUBLISHED: (u64, CampaignStatus) = (2, CampaignStatus::Published);
const PAUSED: (u64, CampaignStatus) = (3, CampaignStatus::Paused);

async fn published(world: &World) -> CampaignId {
    let campaign_id = world.create().await;
    world.publish(campaign_id).await.unwrap();
    campaign_id
}

#[tokio::test]
async fn every_step_is_pushed_once_with_its_version_under_its_own_key() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.deliver_step(&world.steps()[0]).await;
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    world.deliver_step(&world.steps()[1]).await;
    world.execute(&ResumeCampaign { campaign_id }).await.unwrap();
    world.deliver_step(&world.steps()[2]).await;
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    let last = world.steps()[3].clone();

    let delivered = [world.deliver_step(&last).await, world.deliver_step(&last).await];

    assert_eq!(delivered, [Disposition::Acknowledge; 2]);
    let resumed = (4, CampaignStatus::Published);
    let completed = (5, CampaignStatus::Completed);
    assert_eq!(world.provider.pushes(), [PUBLISHED, PAUSED, resumed, completed]);
    let keys: Vec<_> = world.steps().iter().map(|body| key_of(body)).collect();
    assert_eq!(world.provider.keys(), keys);
    assert_eq!(get_campaign(&world.reader(), campaign_id).await.unwrap().version, 5);
}

fn key_of(body: &str) -> String {
    format!("sync-campaign#{}", RawEnvelope::parse(body).unwrap().id)
}

#[tokio::test]
async fn a_step_that_was_overtaken_is_left_to_the_message_of_the_later_one() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let [publish, pause] = world.steps().try_into().unwrap();

    let overtaken = world.deliver_step(&publish).await;
    let pushed_by_the_first = world.provider.pushes();
    let latest = world.deliver_step(&pause).await;

    assert_eq!([overtaken, latest], [Disposition::Acknowledge; 2]);
    let skipped = world.skipped("sync-campaign", &publish).await;
    assert_eq!(skipped.as_deref(), Some("a later change is on its way"));
    assert_eq!(pushed_by_the_first, []);
    assert_eq!(world.provider.pushes(), [PAUSED]);
}

#[tokio::test]
async fn messages_in_the_wrong_order_leave_the_provider_with_the_last_state() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let [publish, pause] = world.steps().try_into().unwrap();

    for body in [&pause, &publish, &pause] {
        assert_eq!(world.deliver_step(body).await, Disposition::Acknowledge);
    }

    assert_eq!(world.provider.pushes(), [PAUSED]);
}

#[tokio::test]
async fn the_provider_is_not_called_where_its_answer_might_come_too_late() {
    // The last second of an invocation is for its answer.
    for (beside_the_call_ms, calls) in [(999, 0), (1_000, 2)] {
        let left = CALL_TIME_OUT + Duration::from_millis(beside_the_call_ms);
        let world = World::new();
        published(&world).await;

        world.deliver_within(left, [&world.message(), &world.steps()[0]]).await;

        assert_eq!(world.provider.keys().len(), calls);
    }
}

#[tokio::test]
async fn a_repeated_push_carries_the_same_state_under_the_same_key() {
    let world = World::new();
    published(&world).await;
    let after = Duration::from_secs(30);
    world.provider.fail_next(ProviderError::Throttled { after });
    let publish = world.steps()[0].clone();

    let first = world.deliver_step(&publish).await;
    let second = world.deliver_step(&publish).await;

    let Disposition::Redeliver { after: Some(wait) } = first else { panic!("{first:?}") };
    assert!(wait >= after);
    assert_eq!(second, Disposition::Acknowledge);
    assert_eq!(world.provider.pushes(), [PUBLISHED, PUBLISHED]);
    assert_eq!(world.provider.keys(), [key_of(&publish), key_of(&publish)]);
}

#[tokio::test]
async fn a_failed_push_is_not_repeated_with_the_state_of_a_later_step() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.provider.fail_next(ProviderError::InTrouble { status: 503, after: Duration::ZERO });
    world.deliver_step(&world.steps()[0]).await;
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let [publish, pause] = world.steps().try_into().unwrap();

    let repeated = world.deliver_step(&publish).await;
    let later = world.deliver_step(&pause).await;

    assert_eq!([repeated, later], [Disposition::Acknowledge; 2]);
    assert_eq!(world.provider.pushes(), [PUBLISHED, PAUSED]);
    assert_eq!(world.provider.keys(), [key_of(&publish), key_of(&pause)]);
}

#[tokio::test]
async fn a_provider_that_knows_a_later_change_keeps_it() {
    let world = World::new();
    published(&world).await;
    world.provider.knows(9);
    let publish = world.steps()[0].clone();

    let disposition = world.deliver_step(&publish).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    let skipped = world.skipped("sync-campaign", &publish).await;
    assert_eq!(skipped.as_deref(), Some("the provider knows a later change"));
}

#[tokio::test]
async fn a_campaign_the_provider_does_not_take_is_parked_with_the_reason() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.provider.fail_next(ProviderError::Gone { campaign_id, status: 404 });

    let disposition = world.deliver_step(&world.steps()[0]).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert!(world.memory.dead_letters()[0].reason().contains("status 404"));
}

#[tokio::test]
async fn a_step_of_no_campaign_is_parked_and_the_provider_not_told() {
    let world = World::new();
    let message = include_str!("../../../../events/versions/campaign.paused.v1.json");

    let disposition = world.deliver_step(message).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert!(world.memory.dead_letters()[0].reason().contains("no longer exists"));
    assert_eq!(world.provider.pushes(), []);
}
