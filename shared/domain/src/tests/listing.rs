//! Lists: by pages, and of campaigns by status and channel.

use std::time::Duration;

use postroom::port::Page;

use super::world::World;
use crate::campaigns::{
    CampaignFilter, CampaignStatus, CampaignView, Channel, CompleteCampaign, PauseCampaign,
    ResumeCampaign, list_campaigns,
};
use crate::id::CampaignId;
use crate::notifications::{Notification, list_notifications};
use crate::page::PageRequest;
use crate::timeline::{TimelineItem, list_timeline};

const ALL: CampaignFilter = CampaignFilter { status: None, channel: None };
const DRAFTS: CampaignFilter =
    CampaignFilter { status: Some(CampaignStatus::Draft), channel: None };
const PUBLISHED: CampaignFilter =
    CampaignFilter { status: Some(CampaignStatus::Published), channel: None };
/// More than all pages of any list here.
const MAX_PAGES: usize = 20;

async fn page(
    world: &World,
    filter: CampaignFilter,
    limit: usize,
    after: Option<String>,
) -> Page<CampaignView> {
    list_campaigns(&world.reader(), filter, PageRequest { limit, after }).await.unwrap()
}

fn ids(page: &Page<CampaignView>) -> Vec<CampaignId> {
    page.items.iter().map(|view| view.campaign.id).collect()
}

/// Every page's ids, from the first to the last.
async fn pages(world: &World, filter: CampaignFilter, limit: usize) -> Vec<Vec<CampaignId>> {
    let (mut pages, mut after) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let found = page(world, filter, limit, after).await;
        pages.push(ids(&found));
        after = found.next;
        if after.is_none() {
            return pages;
        }
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn the_newest_comes_first_and_pages_join_without_a_gap() {
    let world = World::new();
    let mut created = Vec::new();
    for _ in 0..5 {
        created.insert(0, world.create().await);
    }

    let by_two = pages(&world, ALL, 2).await;

    assert_eq!(by_two.concat(), created);
    assert_eq!(by_two.len(), 3);
}

#[tokio::test]
async fn a_filter_admits_what_has_all_that_it_names() {
    let world = World::with_plan(2);
    let google = world.create_on(Channel::Google).await;
    let email = world.create_on(Channel::Email).await;
    let draft = world.create_on(Channel::Google).await;
    world.publish(google).await.unwrap();
    world.publish(email).await.unwrap();
    let on_google = CampaignFilter { status: None, channel: Some(Channel::Google) };
    let both = CampaignFilter { channel: Some(Channel::Google), ..PUBLISHED };

    assert_eq!(pages(&world, PUBLISHED, 100).await, [[email, google]]);
    assert_eq!(pages(&world, on_google, 100).await, [[draft, google]]);
    assert_eq!(pages(&world, both, 100).await, [[google]]);
    assert_eq!(pages(&world, DRAFTS, 100).await, [[draft]]);
}

#[tokio::test]
async fn a_filtered_page_is_filled_from_behind_what_it_leaves_out() {
    let world = World::with_plan(3);
    let mut published = Vec::new();
    for _ in 0..3 {
        let id = world.create().await;
        world.publish(id).await.unwrap();
        published.insert(0, id);
        world.create().await;
        world.create().await;
    }

    let by_two = pages(&world, PUBLISHED, 2).await;

    assert_eq!(by_two, [published[..2].to_vec(), published[2..].to_vec()]);
}

#[tokio::test]
async fn what_stays_is_neither_skipped_nor_repeated_while_others_come_and_change() {
    let world = World::with_plan(6);
    let mut published = Vec::new();
    for _ in 0..6 {
        let id = world.create().await;
        world.publish(id).await.unwrap();
        published.insert(0, id);
    }
    let first = page(&world, PUBLISHED, 2, None).await;
    let [seen, last_seen, gone, stays @ ..] = &published[..] else { panic!("{published:?}") };

    // One that was seen, the very one the cursor names, and one still to come leave the list; a new one joins it.
    for campaign_id in [*seen, *last_seen, *gone] {
        world.execute(&CompleteCampaign { campaign_id }).await.unwrap();
    }
    let new = world.create().await;
    world.publish(new).await.unwrap();
    let second = page(&world, PUBLISHED, 2, first.next.clone()).await;
    let third = page(&world, PUBLISHED, 2, second.next.clone()).await;

    assert_eq!(ids(&first), [*seen, *last_seen]);
    assert_eq!([ids(&second), ids(&third)].concat(), stays);
    assert_eq!(third.next, None);
}

#[tokio::test]
async fn what_was_told_is_neither_skipped_nor_repeated_while_more_is_told() {
    let world = World::with_plan(4);
    let mut told = Vec::new();
    for _ in 0..3 {
        let id = world.create().await;
        world.publish(id).await.unwrap();
        told.insert(0, id);
    }
    let from = |after| PageRequest { limit: 2, after };
    let about = |page: &Page<Notification>| -> Vec<CampaignId> {
        page.items.iter().map(|told| told.campaign_id).collect()
    };

    let first = list_notifications(&world.reader(), from(None)).await.unwrap();
    let new = world.create().await;
    world.publish(new).await.unwrap();
    let second = list_notifications(&world.reader(), from(first.next.clone())).await.unwrap();
    let again = list_notifications(&world.reader(), from(None)).await.unwrap();

    assert_eq!([about(&first), about(&second)].concat(), told);
    assert_eq!((second.next, about(&again)[0]), (None, new));
}

#[tokio::test]
async fn a_timeline_goes_on_where_its_page_ended_while_more_happens() {
    let world = World::with_plan(1);
    let campaign_id = world.create().await;
    world.publish(campaign_id).await.unwrap();
    world.wait(Duration::from_secs(1));
    world.execute(&PauseCampaign { campaign_id }).await.unwrap();
    let from = |after| PageRequest { limit: 2, after };
    let types = |page: &Page<TimelineItem>| -> Vec<String> {
        page.items.iter().map(|item| item.event_type.clone()).collect()
    };

    let first = list_timeline(&world.reader(), campaign_id, from(None)).await.unwrap();
    world.wait(Duration::from_secs(1));
    world.execute(&ResumeCampaign { campaign_id }).await.unwrap();
    let after = first.next.clone();
    let second = list_timeline(&world.reader(), campaign_id, from(after)).await.unwrap();

    assert_eq!(types(&first), ["campaign.paused", "campaign.published"]);
    assert_eq!((types(&second), second.next), (vec!["campaign.created".to_owned()], None));
}

#[tokio::test]
async fn one_call_looks_at_a_thousand_and_a_short_page_says_where_to_go_on() {
    let world = World::new();
    let oldest = world.create().await;
    world.publish(oldest).await.unwrap();
    for _ in 0..1_000 {
        world.create().await;
    }

    let first = page(&world, PUBLISHED, 1, None).await;
    let second = page(&world, PUBLISHED, 1, first.next.clone()).await;

    assert!(first.items.is_empty() && first.next.is_some());
    assert_eq!((ids(&second), second.next), (vec![oldest], None));
}
