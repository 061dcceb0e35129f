//! What simulations take for a store and for a queue answers as the real ones do, whatever is asked of it.
//!
//! `DIFFERENTIAL_SEEDS` says how many lists of operations are drawn; a difference names the seed that draws it.

mod queues;

use std::env;
use std::ops::Range;
use std::sync::Arc;

use postroom::contract::Adapters;
use postroom::contract::differential::compare;
use postroom::memory::MemoryStore;

use crate::endpoint::Endpoint;

/// How many lists of operations are tried, unless it is said.
const SEEDS: u64 = 25;

/// Those that are tried.
pub(crate) fn seeds() -> Range<u64> {
    let given = env::var_os("DIFFERENTIAL_SEEDS");
    0..given.map_or(SEEDS, |given| given.to_string_lossy().parse().unwrap())
}

#[tokio::test]
async fn the_store_in_memory_answers_as_dynamodb_does() {
    for seed in seeds() {
        let memory = Arc::new(MemoryStore::default());
        let in_memory = Adapters {
            store: memory.clone(),
            journal: memory.clone(),
            inbox: memory.clone(),
            outbox: memory.clone(),
            dead_letters: memory.clone(),
            breakers: memory.clone(),
            rates: memory.clone(),
            rows: memory,
        };
        let mut endpoint = Endpoint::with_queues(&[]).await;

        let compared = compare(seed, &in_memory, &endpoint.adapters()).await;

        compared.unwrap_or_else(|difference| panic!("{difference}"));
    }
}
