//! Every error that is ours: the caller learns whether to try again, and nothing of our inside.

use std::sync::Arc;

use postroom::BoxFuture;
use postroom::memory::MemoryStore;
use postroom::port::{CommitError, Item, Listing, Page, Store, StoreError};
use postroom::{Key, LiveItem, LiveShard, Transaction};

use super::world::{Ask, Reply, World};

/// What a store does instead of its work.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Unavailable,
    Refuses,
    AlwaysLoses,
    Panics,
}

struct FaultyStore {
    memory: MemoryStore,
    fault: Fault,
}

impl FaultyStore {
    fn fail(&self) -> Option<StoreError> {
        let (operation, source) = ("GetItem", "table local-state, key secret".into());
        match self.fault {
            Fault::Unavailable => Some(StoreError::Unavailable { operation, source }),
            Fault::Refuses => Some(StoreError::Refused { operation, source }),
            Fault::AlwaysLoses => None,
            Fault::Panics => panic!("a secret"),
        }
    }
}

impl Store for FaultyStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            match self.fail() {
                Some(error) => Err(error),
                None => self.memory.get(key).await,
            }
        })
    }

    fn list<'a>(&'a self, listing: &'a Listing) -> BoxFuture<'a, Result<Page<Item>, StoreError>> {
        Box::pin(async move {
            match self.fail() {
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
            match self.fail() {
                Some(source) => Err(CommitError::Store { source }),
                None => Err(CommitError::Condition { record: false }),
            }
        })
    }
}

/// The replies of a command, a query of one thing and a query of a list.
async fn replies(fault: Fault) -> [Reply; 3] {
    let world = World::over(|memory| Arc::new(FaultyStore { memory, fault }));
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
