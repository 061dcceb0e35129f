//! The schedule of statistics: what it orders, and what becomes of an order.

use std::collections::BTreeSet;

use postroom::{Disposition, RawEnvelope};

use super::world::World;
use crate::campaigns::{CompleteCampaign, PauseCampaign};
use crate::id::CampaignId;
use crate::statistics::{Statistics, get_statistics};

const SLOT: &str = "2026-11-21T09:45:00Z";
const NEXT_SLOT: &str = "2026-11-21T10:00:00Z";

async fn published(world: &World) -> CampaignId {
    let campaign_id = world.create().await;
    world.publish(campaign_id).await.unwrap();
    campaign_id
}

/// Whose statistics were ordered.
fn ordered(world: &World) -> BTreeSet<String> {
    world.due().iter().map(|body| RawEnvelope::parse(body).unwrap().subject).collect()
}

#[tokio::test]
async fn the_schedule_visits_published_and_paused_campaigns_and_no_others() {
    let world = World::with_plan(3);
    world.create().await;
    let (live, paused, completed) =
        (published(&world).await, published(&world).await, published(&world).await);
    world.execute(&PauseCampaign { campaign_id: paused }).await.unwrap();
    world.execute(&CompleteCampaign { campaign_id: completed }).await.unwrap();

    let tasks = world.fire(SLOT).await;

    assert_eq!(tasks, 2);
    assert_eq!(ordered(&world), BTreeSet::from([live.to_string(), paused.to_string()]));
}

#[tokio::test]
async fn a_slot_that_is_fired_twice_orders_once_and_the_next_one_again() {
    let world = World::new();
    published(&world).await;

    world.fire(SLOT).await;
    world.fire(SLOT).await;
    let in_one_slot = world.due().len();
    world.fire(NEXT_SLOT).await;

    assert_eq!(in_one_slot, 1);
    let ids: BTreeSet<_> =
        world.due().iter().map(|body| RawEnvelope::parse(body).unwrap().id).collect();
    assert_eq!((world.due().len(), ids.len()), (2, 2));
}

#[tokio::test]
async fn an_order_that_arrives_twice_is_done_once() {
    let world = World::new();
    let id = published(&world).await;
    world.fire(SLOT).await;
    let [order] = world.due().try_into().unwrap();

    let delivered = [world.deliver(&order).await, world.deliver(&order).await];

    assert_eq!(delivered, [Disposition::Acknowledge; 2]);
    let key = format!("sync-statistics#{}", RawEnvelope::parse(&order).unwrap().id);
    assert_eq!(world.provider.keys(), [key]);
    assert_eq!(get_statistics(&world.reader(), id).await.unwrap().clicks, 340);
    assert_eq!(world.events().last().unwrap(), "statistics.synced");
}

#[tokio::test]
async fn figures_of_a_paused_campaign_still_come_in() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    world.fire(SLOT).await;

    world.deliver(&world.due()[0]).await;

    assert_eq!(get_statistics(&world.reader(), campaign_id).await.unwrap().impressions, 12_000);
}

#[tokio::test]
async fn a_campaign_completed_after_the_order_is_skipped_with_its_reason() {
    let world = World::new();
    let campaign_id = published(&world).await;
    world.fire(SLOT).await;
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    let order = world.due()[0].clone();

    let disposition = world.deliver(&order).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    let skipped = world.skipped("sync-statistics", &order).await;
    assert_eq!(skipped.as_deref(), Some("the campaign is not live"));
    assert!(world.provider.keys().is_empty());
    assert_eq!(world.count::<Statistics>(), 0);
}
