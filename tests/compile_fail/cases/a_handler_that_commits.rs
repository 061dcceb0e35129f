//! A handler can read and stage. It has no way to commit, nor to make a transaction of its own.

use postroom::{Transaction, Tx};

async fn handler(tx: &mut Tx) {
    tx.commit().await;
}

fn forge(other: Transaction) -> Transaction {
    Transaction { items: Vec::new(), ..other }
}

fn main() {
    let _ = (handler, forge);
}
