//! What follows when a job has failed for good: the team is told, and old figures say that they are old.

use std::time::Duration;

use postroom::{Disposition, RawEnvelope};

use super::world::World;
use crate::ad_provider::ProviderError;
use crate::campaigns::Channel;
use crate::id::CampaignId;
use crate::notifications::{Notification, list_notifications};
use crate::page::PageRequest;
use crate::statistics::get_statistics;

async fn live(world: &World) -> CampaignId {
    let id = world.create_on(Channel::Facebook).await;
    world.publish(id).await.unwrap();
    id
}

fn gone(campaign_id: CampaignId) -> ProviderError {
    ProviderError::Gone { campaign_id, status: 410 }
}

/// What the team was told of failures, the latest first.
async fn told(world: &World) -> Vec<Notification> {
    let all = PageRequest { limit: 100, after: None };
    let page = list_notifications(&world.reader(), all).await.unwrap();
    page.items.into_iter().filter(|told| told.event_type == "task.failed").collect()
}

#[tokio::test]
async fn the_team_is_told_that_a_campaign_could_not_be_pushed_and_why() {
    let world = World::new();
    let id = live(&world).await;
    world.provider.fail_next(gone(id));

    let disposition = world.deliver_step(&world.steps()[0]).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    let [told] = told(&world).await.try_into().unwrap();
    assert_eq!(told.campaign_id, id);
    let expected = format!(
        "could not be pushed to facebook: the provider does not know campaign {id} (status 410)"
    );
    assert!(told.text.ends_with(&expected), "{}", told.text);
    assert_eq!(told.actor_id.unwrap().as_str(), "ann");
}

#[tokio::test]
async fn figures_are_stale_from_the_first_failure_on_and_the_team_is_told_once() {
    let world = World::new();
    let id = live(&world).await;
    world.deliver(&world.message()).await;
    let fresh = get_statistics(&world.reader(), id).await.unwrap();
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T09:45:00Z").await;
    world.provider.fail_next(gone(id));
    world.deliver(&world.due()[0]).await;
    let stale = get_statistics(&world.reader(), id).await.unwrap();
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T10:00:00Z").await;
    world.provider.fail_next(gone(id));

    world.deliver(&world.due()[1]).await;

    assert_eq!(fresh.stale_since, None);
    assert_eq!(stale.synced_at, fresh.synced_at);
    assert!(stale.stale_since.is_some_and(|since| since > fresh.synced_at));
    assert_eq!(get_statistics(&world.reader(), id).await.unwrap(), stale);
    let [told] = told(&world).await.try_into().unwrap();
    assert!(told.text.contains("could not be pulled from facebook"), "{}", told.text);
}

#[tokio::test]
async fn figures_that_are_synced_again_are_stale_no_longer() {
    let world = World::new();
    let id = live(&world).await;
    world.deliver(&world.message()).await;
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T09:45:00Z").await;
    world.provider.fail_next(gone(id));
    world.deliver(&world.due()[0]).await;
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T10:00:00Z").await;

    world.deliver(&world.due()[1]).await;

    assert_eq!(get_statistics(&world.reader(), id).await.unwrap().stale_since, None);
}

#[tokio::test]
async fn an_order_from_before_the_latest_figures_makes_nothing_stale() {
    let world = World::new();
    let id = live(&world).await;
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T09:45:00Z").await;
    world.deliver(&world.due()[0]).await;
    world.provider.fail_next(gone(id));

    world.deliver(&world.message()).await;

    assert_eq!(get_statistics(&world.reader(), id).await.unwrap().stale_since, None);
    assert_eq!(told(&world).await, []);
}

#[tokio::test]
async fn the_team_is_told_where_first_figures_never_came_but_not_for_every_slot() {
    let world = World::new();
    let id = live(&world).await;
    world.wait(Duration::from_mins(15));
    world.fire("2026-11-21T09:45:00Z").await;
    world.provider.fail_next(gone(id));
    world.provider.fail_next(gone(id));

    world.deliver(&world.message()).await;
    world.deliver(&world.due()[0]).await;

    let [told] = told(&world).await.try_into().unwrap();
    let failed = RawEnvelope::parse(&world.message()).unwrap();
    assert!(told.at > failed.time);
}
