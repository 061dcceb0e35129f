//! What simulations take for a store and for a queue answers as the real ones do, whatever is asked of it.

mod queues;

use std::sync::Arc;

use postroom::contract::Adapters;
use postroom::contract::differential::compare;
use postroom::memory::MemoryStore;

use crate::endpoint::Endpoint;

/// How many lists of operations are tried.
const SEEDS: u64 = 25;

#[tokio::test]
async fn the_store_in_memory_answers_as_dynamodb_does() {
    for seed in 0..SEEDS {
        let memory = Arc::new(MemoryStore::default());
        let in_memory = Adapters {
            store: memory.clone(),
            journal: memory.clone(),
            inbox: memory.clone(),
            outbox: memory.clone(),
            dead_letters: memory.clone(),
            breakers: memory.clone(),
            rates: memory,
        };
        let mut endpoint = Endpoint::with_queues(&[]).await;

        let compared = compare(seed, &in_memory, &endpoint.adapters()).await;

        compared.unwrap_or_else(|difference| panic!("{difference}"));
    }
}
