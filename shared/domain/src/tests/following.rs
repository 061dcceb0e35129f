//! The feed of what happened: all of it but contacts, once, newest first, whenever it is heard of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use postroom::port::Page;
use postroom::{ActorId, MessageId};

use super::world::World;
use crate::activity::{ActivityFilter, ActivityItem, list_activity};
use crate::campaigns::{CompleteCampaign, PauseCampaign};
use crate::contacts::AddContact;
use crate::page::PageRequest;

/// More than all pages of any list here.
const MAX_PAGES: usize = 20;

fn of_type(pattern: &str) -> ActivityFilter {
    let r#type = pattern.to_owned().try_into().ok();
    assert!(r#type.is_some(), "{pattern}");
    ActivityFilter { r#type, ..ActivityFilter::default() }
}

fn types(items: &[ActivityItem]) -> Vec<&str> {
    items.iter().map(|item| item.event_type.as_str()).collect()
}

impl World {
    async fn activity(
        &self,
        filter: &ActivityFilter,
        limit: usize,
        after: Option<String>,
    ) -> Page<ActivityItem> {
        list_activity(&self.reader(), filter, PageRequest { limit, after }).await.unwrap()
    }

    /// All that a filter finds, by pages of so many.
    async fn all_activity(&self, filter: &ActivityFilter, limit: usize) -> Vec<ActivityItem> {
        self.rest_of_activity(filter, limit, self.activity(filter, limit, None).await).await
    }

    async fn rest_of_activity(
        &self,
        filter: &ActivityFilter,
        limit: usize,
        first: Page<ActivityItem>,
    ) -> Vec<ActivityItem> {
        let Page { mut items, mut next } = first;
        for _ in 0..MAX_PAGES {
            let Some(after) = next else { return items };
            let page = self.activity(filter, limit, Some(after)).await;
            items.extend(page.items);
            next = page.next;
        }
        panic!("the list does not end");
    }

    /// Brings read models up to date, however many events that are.
    async fn project_all(&self) {
        for _ in 0..MAX_PAGES {
            if self.project().await.is_none() {
                return;
            }
        }
        panic!("read models do not come up");
    }
}

#[tokio::test]
async fn all_that_happens_is_in_the_feed_but_contacts() {
    let world = World::new();
    let campaign_id = world.create().await;
    world.wait(Duration::from_secs(1));
    world.publish(campaign_id).await.unwrap();
    let contact = serde_json::from_str(r#"{"email":"ann@example.com","name":"Ann"}"#).unwrap();
    let contact: crate::contacts::ContactInput = contact;
    world.execute(&AddContact(contact.try_into().unwrap())).await.unwrap();
    world.wait(Duration::from_secs(1));
    world.opened().await;
    world.project().await;

    let page = world.activity(&ActivityFilter::default(), 100, None).await;

    let expected = ["account.opened", "campaign.published", "campaign.created"];
    assert_eq!((types(&page.items), page.next), (expected.to_vec(), None));
    let published = &page.items[1];
    assert_eq!(published.subject, format!("campaigns/{campaign_id}"));
    assert_eq!((published.version, published.correlation_id.as_str()), (2, "req-1"));
    assert_eq!(published.actor_id.as_ref().map(ActorId::as_str), Some("ann"));
    let rival = world.reader_of("rival");
    let request = PageRequest { limit: 100, after: None };
    let theirs = list_activity(&rival, &ActivityFilter::default(), request).await.unwrap();
    assert!(theirs.items.is_empty());
}

#[tokio::test]
async fn a_filter_finds_what_has_all_that_it_names() {
    let world = World::with_plan(2);
    let (one, other) = (world.create().await, world.create().await);
    world.publish(one).await.unwrap();
    world.publish(other).await.unwrap();
    world.wait(Duration::from_secs(1));
    world.execute(&PauseCampaign { campaign_id: one }).await.unwrap();
    world.opened().await;
    world.project().await;
    let everything = world.all_activity(&ActivityFilter::default(), 100).await;
    let paused = everything.iter().find(|item| item.event_type == "campaign.paused").unwrap();
    let of_one = ActivityFilter {
        subject: format!("campaigns/{one}").try_into().ok(),
        ..ActivityFilter::default()
    };

    let count = async |filter: &ActivityFilter| world.all_activity(filter, 1).await.len();

    assert_eq!(everything.len(), 6);
    assert_eq!(count(&of_type("campaign.published")).await, 2);
    assert_eq!(count(&of_type("campaign.*")).await, 5);
    assert_eq!(count(&of_type("campaign.completed")).await, 0);
    let its = world.all_activity(&of_one, 1).await;
    assert_eq!(types(&its), ["campaign.paused", "campaign.published", "campaign.created"]);
    let from = Some(paused.at);
    assert_eq!(count(&ActivityFilter { from, ..ActivityFilter::default() }).await, 2);
    let from = Some(paused.at + Duration::from_micros(1));
    assert_eq!(count(&ActivityFilter { from, ..ActivityFilter::default() }).await, 0);
    let all = ActivityFilter { from: Some(paused.at), ..of_one };
    assert_eq!(types(&world.all_activity(&all, 1).await), ["campaign.paused"]);
}

#[tokio::test]
async fn pages_join_while_events_arrive_early_and_late() {
    let world = World::with_plan(3);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(world.create().await);
    }
    let told = world.memory.told();
    // The feed hears of the second and the third campaign when somebody has read as far as between them.
    let projector = world.projector(Arc::new(world.memory.clone()));
    let prompt = [told[0].clone(), told[3].clone()];
    assert_eq!(projector.process(&prompt, None).await, None);
    let all = ActivityFilter::default();
    let subject = |number: usize| format!("campaigns/{}", ids[number]);

    let first = world.activity(&all, 1, None).await;
    world.wait(Duration::from_secs(1));
    world.publish(ids[0]).await.unwrap();
    world.project().await;
    let rest = world.rest_of_activity(&all, 1, first).await;
    let again = world.all_activity(&all, 1).await;

    // What was there, and behind it what came to be there. Nothing of what was read before comes once more.
    let subjects = |items: &[ActivityItem]| -> Vec<String> {
        items.iter().map(|item| item.subject.clone()).collect()
    };
    assert_eq!(subjects(&rest), [3, 2, 1, 0].map(subject));
    assert_eq!(types(&rest), ["campaign.created"; 4]);
    assert_eq!(subjects(&again), [0, 3, 2, 1, 0].map(subject));
    let once: BTreeSet<MessageId> = again.iter().map(|item| item.event_id).collect();
    assert_eq!(once.len(), again.len());
}

#[tokio::test]
async fn what_is_heard_of_behind_a_reader_is_met_by_whoever_begins_anew() {
    let world = World::new();
    let (late, prompt) = (world.create().await, world.create().await);
    let told = world.memory.told();
    let projector = world.projector(Arc::new(world.memory.clone()));
    assert_eq!(projector.process(&told[1..], None).await, None);
    let filter = of_type("campaign.*");

    let read = world.all_activity(&filter, 10).await;
    world.project().await;
    let again = world.all_activity(&filter, 10).await;

    assert_eq!(
        read.iter().map(|item| &item.subject).collect::<Vec<_>>(),
        [&format!("campaigns/{prompt}")]
    );
    assert_eq!(again.len(), 2);
    assert_eq!(again[1].subject, format!("campaigns/{late}"));
}

#[tokio::test]
async fn a_page_that_looks_for_what_is_rare_ends_and_says_where_to_go_on() {
    let world = World::new();
    let rare = world.create().await;
    world.publish(rare).await.unwrap();
    world.execute(&CompleteCampaign { campaign_id: rare }).await.unwrap();
    for _ in 0..1_000 {
        world.create().await;
    }
    world.project_all().await;
    let filter = of_type("campaign.completed");

    let first = world.activity(&filter, 1, None).await;
    let second = world.activity(&filter, 1, first.next.clone()).await;

    assert_eq!((first.items.len(), first.next.is_some()), (0, true));
    assert_eq!(types(&second.items), ["campaign.completed"]);
    // What is older than is asked for is not looked at.
    let from = Some(second.items[0].at + Duration::from_hours(1));
    let none = world.activity(&ActivityFilter { from, ..filter }, 1, None).await;
    assert_eq!((none.items.len(), none.next), (0, None));
}
