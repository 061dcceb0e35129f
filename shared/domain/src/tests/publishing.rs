//! Publishing, with everything that reacts to it in the request.

use postroom::Refuse;

use super::world::World;
use crate::PageRequest;
use crate::campaigns::{CampaignStatus, get_campaign};
use crate::notifications::Notification;
use crate::plan_limit::LiveCampaigns;
use crate::timeline::{TimelineEntry, list_timeline};

const FIRST_PAGE: PageRequest = PageRequest { limit: 100, after: None };

#[tokio::test]
async fn one_publish_writes_everything_that_reacts_to_it() {
    let world = World::new();
    let id = world.create().await;

    world.publish(id).await.unwrap();

    assert_eq!(world.events(), ["campaign.created", "campaign.published"]);
    let published = &world.memory.journal_records()[1];
    let reacted: Vec<&str> = published.in_request.iter().map(|by| by.handler.as_str()).collect();
    assert_eq!(reacted, ["timeline", "notifications", "plan-limit", "hold-budget"]);
    assert_eq!(published.queued, ["sync-campaign", "sync-statistics"]);
    assert_eq!(world.count::<TimelineEntry>(), 2);
    assert_eq!(world.count::<Notification>(), 1);
    let live = world.reader().get(&LiveCampaigns::place()).await.unwrap().unwrap();
    assert_eq!(live.value.count, 1);
    assert_eq!(world.queue.sent("sync-statistics").len(), 1);
}

#[tokio::test]
async fn a_publish_beyond_the_plan_leaves_nothing_but_its_note() {
    let world = World::new();
    let (live, one_too_many) = (world.create().await, world.create().await);
    world.publish(live).await.unwrap();
    let before = (world.memory.items(), world.memory.journal_records());

    let refused = world.publish(one_too_many).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "plan-limit-reached");
    assert_eq!((world.memory.items(), world.memory.journal_records()), before);
    assert!(world.memory.outbox_rows().is_empty());
    assert_eq!(world.queue.sent("sync-statistics").len(), 1);
    let draft = get_campaign(&world.reader(), one_too_many).await.unwrap();
    assert_eq!(draft.campaign.status, CampaignStatus::Draft);
}

#[tokio::test]
async fn an_unknown_campaign_is_not_published() {
    let world = World::new();
    let unknown = uuid::Uuid::from_u128(1).into();

    let refused = world.publish(unknown).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "campaign-not-found");
    assert!(world.memory.items().is_empty());
}

#[tokio::test]
async fn a_timeline_holds_only_what_happened_to_its_campaign() {
    let world = World::new();
    let (one, other) = (world.create().await, world.create().await);
    world.publish(one).await.unwrap();

    let of_one = list_timeline(&world.reader(), one, FIRST_PAGE).await.unwrap();
    let of_other = list_timeline(&world.reader(), other, FIRST_PAGE).await.unwrap();

    assert_eq!((of_one.items.len(), of_other.items.len()), (2, 1));
    assert_eq!(of_other.items[0].text, "Summer sale was created as a draft");
}
