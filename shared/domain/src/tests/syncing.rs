//! The job `sync-statistics`, from its message to what it leaves behind.

use std::sync::Arc;
use std::time::Duration;

use postroom::{Disposition, RawEnvelope};
use tokio::sync::oneshot;

use super::world::World;
use crate::ad_provider::ProviderError;
use crate::campaigns::get_campaign;
use crate::statistics::{Statistics, get_statistics};

#[tokio::test]
async fn figures_of_a_published_campaign_are_recorded_once() {
    let world = World::new();
    let id = world.create().await;
    world.publish(id).await.unwrap();
    let message = world.message();

    let first = world.deliver(&message).await;
    let duplicate = world.deliver(&message).await;

    assert_eq!([first, duplicate], [Disposition::Acknowledge; 2]);
    let figures = get_statistics(&world.reader(), id).await.unwrap();
    assert_eq!((figures.impressions, figures.clicks), (12_000, 340));
    assert_eq!(figures.spend.amount_minor, 5_120);
    assert_eq!(figures.spend.currency.code(), "NZD");
    assert_eq!(world.events(), ["campaign.created", "campaign.published", "statistics.synced"]);
    let event_id = RawEnvelope::parse(&message).unwrap().id;
    assert_eq!(world.provider.keys(), [format!("sync-statistics#{event_id}")]);
}

#[tokio::test]
async fn syncing_does_not_touch_the_campaigns_version() {
    let world = World::new();
    let id = world.create().await;
    world.publish(id).await.unwrap();

    world.deliver(&world.message()).await;

    assert_eq!(get_campaign(&world.reader(), id).await.unwrap().version, 2);
}

#[tokio::test]
async fn figures_that_were_asked_for_earlier_do_not_replace_later_ones() {
    let world = Arc::new(World::new());
    let id = world.create().await;
    world.publish(id).await.unwrap();
    world.fire("2026-11-21T09:45:00Z").await;
    let (first, second) = (world.message(), world.due().remove(0));
    let (tell, told) = oneshot::channel();
    let elsewhere = Arc::clone(&world);
    world.provider.meanwhile(async move {
        elsewhere.deliver(&second).await;
        tell.send(get_statistics(&elsewhere.reader(), id).await.unwrap()).unwrap();
    });

    let disposition = world.deliver(&first).await;

    let later = told.await.unwrap();
    assert_eq!(disposition, Disposition::Acknowledge);
    assert_eq!(get_statistics(&world.reader(), id).await.unwrap(), later);
    let synced = world.events().into_iter().filter(|name| name == "statistics.synced");
    assert_eq!(synced.count(), 1, "what was not kept is no fact");
}

#[tokio::test]
async fn a_provider_in_trouble_is_asked_again_under_the_same_key() {
    let world = World::new();
    let id = world.create().await;
    world.publish(id).await.unwrap();
    let after = Duration::from_secs(30);
    world.provider.fail_next(ProviderError::Throttled { after });

    let first = world.deliver(&world.message()).await;
    let second = world.deliver(&world.message()).await;

    let Disposition::Redeliver { after: Some(wait) } = first else { panic!("{first:?}") };
    assert!(wait >= after);
    assert_eq!(second, Disposition::Acknowledge);
    let keys = world.provider.keys();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    assert_eq!(world.count::<Statistics>(), 1);
}

#[tokio::test]
async fn a_campaign_the_provider_does_not_know_is_parked_with_the_reason() {
    let world = World::new();
    let id = world.create().await;
    world.publish(id).await.unwrap();
    world.provider.fail_next(ProviderError::Gone { campaign_id: id, status: 410 });

    let disposition = world.deliver(&world.message()).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert!(world.memory.dead_letters()[0].reason().contains("status 410"));
    assert_eq!(world.count::<Statistics>(), 0);
}

#[tokio::test]
async fn a_message_about_no_campaign_is_parked_and_nobody_is_asked() {
    let world = World::new();
    let message = include_str!("../../../../events/versions/campaign.published.v1.json");

    let disposition = world.deliver(message).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert!(world.memory.dead_letters()[0].reason().contains("no longer exists"));
    assert!(world.provider.keys().is_empty());
}

#[tokio::test]
async fn a_campaign_that_is_not_live_is_skipped() {
    let world = World::new();
    let (live, draft) = (world.create().await, world.create().await);
    world.publish(live).await.unwrap();
    let message = world.message().replace(&live.to_string(), &draft.to_string());

    let disposition = world.deliver(&message).await;

    assert_eq!(disposition, Disposition::Acknowledge);
    assert!(world.provider.keys().is_empty());
    assert!(world.memory.dead_letters().is_empty());
    assert_eq!(world.count::<Statistics>(), 0);
}
