//! Every error that is ours: the caller learns whether to try again, and nothing of our inside.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::MemoryStore;
use postroom::port::{CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{BoxFuture, Clock, Key, LiveItem, LiveShard, Transaction, between};

use super::world::{Ask, Reply, World};

/// What a store does instead of its work.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Unavailable,
    Refuses,
    AlwaysLoses,
    Panics,
    Hangs,
}

struct FaultyStore {
    memory: MemoryStore,
    fault: Fault,
}

impl FaultyStore {
    async fn fail(&self) -> Option<StoreError> {
        let (operation, source) = ("GetItem", "table local-state, key secret".into());
        match self.fault {
            Fault::Unavailable => Some(StoreError::Unavailable { operation, source }),
            Fault::Refuses => Some(StoreError::Refused { operation, source }),
            Fault::AlwaysLoses => None,
            Fault::Panics => panic!("a secret"),
            Fault::Hangs => std::future::pending().await,
        }
    }
}

impl Store for FaultyStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            match self.fail().await {
                Some(error) => Err(error),
                None => self.memory.get(key).await,
            }
        })
    }

    fn get_many<'a>(
        &'a self,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Item>>, StoreError>> {
        Box::pin(async move {
            match self.fail().await {
                Some(error) => Err(error),
                None => self.memory.get_many(keys).await,
            }
        })
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        Box::pin(async move {
            match self.fail().await {
                Some(error) => Err(error),
                None => self.memory.list(listing).await,
            }
        })
    }

    fn live<'a>(
        &'a self,
        shard: &'a LiveShard,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LiveItem>, StoreError>> {
        self.memory.live(shard, after)
    }

    fn commit<'a>(&'a self, _: &'a Transaction) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            match self.fail().await {
                Some(source) => Err(CommitError::Store { source }),
                None => Err(CommitError::Condition { record: false }),
            }
        })
    }
}

fn faulty(fault: Fault) -> World {
    World::over(|memory| Arc::new(FaultyStore { memory, fault }))
}

/// The replies of a command, a query of one thing and a query of a list.
async fn replies(fault: Fault) -> [Reply; 3] {
    let world = faulty(fault);
    let one = "/campaigns/019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11";
    [world.send(Ask::fixture()).await, world.get(one).await, world.get("/campaigns").await]
}

fn tells_nothing(reply: &Reply) {
    assert!(!reply.body.to_string().contains("secret"), "{}", reply.body);
    assert!(reply.body.get("detail").is_none());
}

#[tokio::test]
async fn what_may_pass_is_503_with_a_wait() {
    for reply in replies(Fault::Unavailable).await {
        reply.is_problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        tells_nothing(&reply);
    }
}

#[tokio::test]
async fn what_does_not_pass_is_500() {
    for reply in replies(Fault::Refuses).await {
        reply.is_problem(500, "internal");
        tells_nothing(&reply);
    }
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_is_answered() {
    for reply in replies(Fault::Panics).await {
        reply.is_problem(500, "internal");
        tells_nothing(&reply);
    }
}

#[tokio::test]
async fn a_command_that_loses_every_race_is_409_with_a_wait() {
    let [created, ..] = replies(Fault::AlwaysLoses).await;

    created.is_problem(409, "lost-race");
    assert_eq!(created.header("retry-after"), "1");
}

#[tokio::test]
async fn a_store_that_hangs_is_504_with_a_wait() {
    for reply in replies(Fault::Hangs).await {
        reply.is_problem(504, "timed-out");
        assert_eq!(reply.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn the_answer_leaves_half_a_second_before_the_deadline() {
    let world = faulty(Fault::Hangs);
    let deadline = world.clock.now() + Duration::from_secs(10);

    let reply = world.send(Ask::list().until(deadline)).await;

    reply.is_problem(504, "timed-out");
    assert_eq!(between(world.clock.now(), deadline), Duration::from_millis(500));
}

#[tokio::test]
async fn without_a_deadline_that_can_be_believed_a_request_has_9_seconds() {
    let world = faulty(Fault::Hangs);
    let begun = world.clock.now();

    // The deadline of `cargo lambda watch`.
    let reply = world.send(Ask::list()).await;

    reply.is_problem(504, "timed-out");
    assert_eq!(between(begun, world.clock.now()), Duration::from_secs(9));
}

#[tokio::test]
async fn nothing_is_begun_that_has_no_time_left() {
    let world = faulty(Fault::Panics);
    let deadline = world.clock.now() + Duration::from_millis(500);

    let reply = world.send(Ask::list().until(deadline)).await;

    reply.is_problem(504, "timed-out");
}

#[tokio::test]
async fn a_request_with_little_time_is_answered_as_long_as_there_is_some() {
    let world = World::new();
    let deadline = world.clock.now() + Duration::from_millis(501);

    let reply = world.send(Ask::list().until(deadline)).await;

    assert_eq!(reply.status.as_u16(), 200);
}
