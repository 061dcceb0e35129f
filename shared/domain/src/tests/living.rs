//! The life of a campaign after it went live: paused, resumed, completed.

use postroom::Refuse;
use postroom::port::Page;

use super::world::World;
use crate::PageRequest;
use crate::campaigns::{
    CampaignStatus, CampaignView, CompleteCampaign, PauseCampaign, ResumeCampaign, get_campaign,
};
use crate::id::CampaignId;
use crate::notifications::{Notification, list_notifications};
use crate::plan_limit::LiveCampaigns;
use crate::timeline::list_timeline;

const FIRST_PAGE: PageRequest = PageRequest { limit: 100, after: None };

async fn live_campaigns(world: &World) -> u32 {
    let counter = world.reader().get(&LiveCampaigns::place()).await.unwrap();
    counter.map_or(0, |counter| counter.value.count)
}

/// A campaign that was created, published, paused, resumed and completed; as it was answered after each.
async fn whole_life(world: &World) -> (CampaignId, Vec<CampaignView>) {
    let campaign_id = world.create().await;
    let draft = get_campaign(&world.reader(), campaign_id).await.unwrap();
    world.publish(campaign_id).await.unwrap();
    let published = get_campaign(&world.reader(), campaign_id).await.unwrap();
    let paused = world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let resumed = world.execute(&ResumeCampaign { campaign_id }).await.unwrap();
    let completed = world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    (campaign_id, vec![draft, published, paused, resumed, completed])
}

#[tokio::test]
async fn every_step_is_one_version_and_one_event_of_the_same_number() {
    let world = World::new();

    let (campaign_id, answers) = whole_life(&world).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.campaign.status).collect();
    assert_eq!(
        statuses,
        [
            CampaignStatus::Draft,
            CampaignStatus::Published,
            CampaignStatus::Paused,
            CampaignStatus::Published,
            CampaignStatus::Completed
        ]
    );
    let versions: Vec<_> = answers.iter().map(|answer| Some(answer.version)).collect();
    let journal = world.memory.journal_records();
    let in_stream: Vec<_> = journal.iter().map(|event| event.envelope.stream_version).collect();
    assert_eq!((&versions, versions.len()), (&in_stream, 5));
    assert_eq!(
        world.events(),
        [
            "campaign.created",
            "campaign.published",
            "campaign.paused",
            "campaign.resumed",
            "campaign.completed"
        ]
    );
    let stored = get_campaign(&world.reader(), campaign_id).await.unwrap();
    assert_eq!(Some(&stored), answers.last());
}

#[tokio::test]
async fn every_event_is_told_on_the_timeline_and_those_after_the_draft_to_the_team() {
    let world = World::new();

    let (campaign_id, _) = whole_life(&world).await;

    let timeline = list_timeline(&world.reader(), campaign_id, FIRST_PAGE).await.unwrap();
    let mut texts: Vec<_> = timeline.items.iter().map(|item| item.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(
        texts,
        [
            "Summer sale was completed",
            "Summer sale was created as a draft",
            "Summer sale was paused",
            "Summer sale was published",
            "Summer sale was resumed",
        ]
    );
    let Page { items: told, .. } = list_notifications(&world.reader(), FIRST_PAGE).await.unwrap();
    let mut texts: Vec<_> = told.iter().map(|Notification { text, .. }| text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(
        texts,
        [
            "Summer sale is completed",
            "Summer sale is live",
            "Summer sale is live again",
            "Summer sale is paused",
        ]
    );
    assert!(told.iter().all(|notification| notification.campaign_id == campaign_id));
}

#[tokio::test]
async fn a_paused_campaign_keeps_its_place_in_the_plan_and_a_completed_one_frees_it() {
    let world = World::with_plan(1);
    let (campaign_id, next) = (world.create().await, world.create().await);
    world.publish(campaign_id).await.unwrap();

    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let while_paused = world.publish(next).await.unwrap_err();
    let counted_while_paused = live_campaigns(&world).await;
    world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    let counted_when_completed = live_campaigns(&world).await;
    world.publish(next).await.unwrap();

    assert_eq!(while_paused.refusal().unwrap().code, "plan-limit-reached");
    assert_eq!((counted_while_paused, counted_when_completed), (1, 0));
    assert_eq!(live_campaigns(&world).await, 1);
}

#[tokio::test]
async fn resuming_needs_no_place_as_it_was_never_given_up() {
    let world = World::with_plan(1);
    let campaign_id = world.create().await;
    world.publish(campaign_id).await.unwrap();
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();

    let resumed = world.execute(&ResumeCampaign { campaign_id }).await.unwrap();

    assert_eq!(resumed.campaign.status, CampaignStatus::Published);
    assert_eq!(live_campaigns(&world).await, 1);
}

#[tokio::test]
async fn a_refused_step_leaves_nothing_but_its_note() {
    let world = World::new();
    let campaign_id = world.create().await;
    let before = (world.memory.items(), world.memory.journal_records());

    let paused = world.execute(&PauseCampaign { campaign_id }).await.unwrap_err();
    let resumed = world.execute(&ResumeCampaign { campaign_id }).await.unwrap_err();
    let completed = world.execute(&CompleteCampaign { campaign_id }).await.unwrap_err();

    let codes = [paused, resumed, completed].map(|refused| refused.refusal().unwrap().code);
    assert_eq!(codes, ["campaign-not-published", "campaign-not-paused", "campaign-not-live"]);
    assert_eq!((world.memory.items(), world.memory.journal_records()), before);
}

#[tokio::test]
async fn an_unknown_campaign_takes_no_step() {
    let world = World::new();
    let campaign_id = uuid::Uuid::from_u128(1).into();

    let refused = world.execute(&CompleteCampaign { campaign_id }).await.unwrap_err();

    assert_eq!(refused.refusal().unwrap().code, "campaign-not-found");
}
