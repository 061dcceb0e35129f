//! Many things loaded at once.

use postroom::doc_example::{Order, ShopError};
use postroom::{Command, ExecuteError, Guard, ItemWrite, Place, Tx, TxError};

use crate::shop::Shop;

/// Saves some orders as paid, loads others by one read, and answers which of them are there, and whether paid.
struct LoadMany {
    saves: &'static [&'static str],
    loads: Vec<String>,
}

impl Command for LoadMany {
    const NAME: &'static str = "load-many";
    type Output = Vec<Option<bool>>;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<Vec<Option<bool>>, ShopError> {
        for id in self.saves {
            tx.save(&Order { id: (*id).to_owned(), paid: true })?;
        }
        let places: Vec<Place<Order>> = self.loads.iter().map(|id| Order::at(id)).collect();
        let found = tx.load_many(&places).await?;
        Ok(found.into_iter().map(|order| order.map(|order| order.paid)).collect())
    }
}

fn named(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn run(
    shop: &Shop,
    command: &LoadMany,
) -> Result<Vec<Option<bool>>, ExecuteError<ShopError>> {
    Ok(shop.runtime.execute(command, &shop.origin()).await?.output)
}

/// What the last transaction checks and saves.
fn guards(shop: &Shop) -> Vec<(String, Guard)> {
    let guarded = |write: &ItemWrite| match write {
        ItemWrite::Check { key, guard } | ItemWrite::Save { key, guard, .. } => {
            Some((key.id.clone(), *guard))
        }
        ItemWrite::PutView { .. } => None,
    };
    shop.commits().last().unwrap().items().iter().filter_map(guarded).collect()
}

#[tokio::test]
async fn many_come_in_the_order_asked_for_and_each_is_guarded_once() {
    let shop = Shop::new();
    shop.place("b").await.unwrap();
    shop.place("a").await.unwrap();
    shop.pay("a").await;

    let command = LoadMany { saves: &[], loads: named(&["b", "absent", "a", "b"]) };
    let found = run(&shop, &command).await.unwrap();

    assert_eq!(found, [Some(false), None, Some(true), Some(false)]);
    let expected = [("a", Guard::Version(2)), ("absent", Guard::Absent), ("b", Guard::Version(1))];
    assert_eq!(guards(&shop), expected.map(|(id, guard)| (id.to_owned(), guard)));
}

#[tokio::test]
async fn what_is_staged_is_seen_among_many_and_is_as_it_was_staged() {
    let shop = Shop::new();
    shop.place("old").await.unwrap();

    let command = LoadMany { saves: &["new"], loads: named(&["old", "new"]) };
    let found = run(&shop, &command).await.unwrap();

    assert_eq!(found, [Some(false), Some(true)]);
    let expected = [("new", Guard::Absent), ("old", Guard::Version(1))];
    assert_eq!(guards(&shop), expected.map(|(id, guard)| (id.to_owned(), guard)));
}

#[tokio::test]
async fn as_many_as_a_transaction_can_guard_are_loaded_and_of_more_none() {
    let shop = Shop::new();
    let loads = |count: usize| (0..count).map(|id| id.to_string()).collect();

    let most = run(&shop, &LoadMany { saves: &[], loads: loads(99) }).await.unwrap();
    let error = run(&shop, &LoadMany { saves: &[], loads: loads(100) }).await.unwrap_err();

    assert_eq!((most.len(), guards(&shop).len()), (99, 99));
    let ExecuteError::Command { source: ShopError::Tx(error), .. } = error else {
        panic!("{error:?}")
    };
    assert!(matches!(error, TxError::TooManyActions { handler: "load-many", limit: 100 }));
}
