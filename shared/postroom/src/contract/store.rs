//! What a store promises to a reader.

use serde_json::json;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, put_view, save_new};
use crate::port::{Item, Listing, Page};

/// Where nothing was written, nothing is found.
pub async fn a_missing_item_is_absent(adapters: &Adapters) {
    let sample = Sample::new();

    assert_eq!(adapters.item(&sample.key("nobody")).await, None);
}

/// Integers of 64 bits, fractions, texts and empty things survive.
pub async fn an_item_is_read_back_as_it_was_written(adapters: &Adapters) {
    let sample = Sample::new();
    let data = json!({
        "least": i64::MIN, "most": u64::MAX, "zero": 0, "part": 0.125, "minus": -2.5,
        "text": "grüße \u{1F4EE}", "empty": "", "yes": true, "no": false, "nothing": null,
        "list": [1, "two", [], {}], "map": {"deep": {"deeper": [null]}}, "any #:.% name": 1,
    });

    adapters.commit(&sample.tx_with([save_new(&sample.key("a"), data.clone())])).await;

    let item = adapters.item(&sample.key("a")).await.unwrap();
    assert_eq!(item, Item { key: sample.key("a"), version: 1, head: 0, live: None, data });
}

/// Byte order, whatever the order of writing.
pub async fn items_are_listed_in_the_order_of_their_ids(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["b", "a#2", "a", "ä", "a#10"]).await;

    let page = page(adapters, &sample, false, 100, None).await;

    assert_eq!(ids(&page), ["a", "a#10", "a#2", "b", "ä"]);
    assert_eq!(page.next, None);
}

/// From the last id to the first.
pub async fn a_descending_list_runs_the_other_way(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["a", "b", "c"]).await;

    let page = page(adapters, &sample, true, 100, None).await;

    assert_eq!(ids(&page), ["c", "b", "a"]);
}

/// Following `next` visits everything once, in both directions.
pub async fn pages_neither_skip_nor_repeat(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["a", "b", "c", "d", "e"]).await;

    for descending in [false, true] {
        let mut seen = Vec::new();
        let mut after = None;
        for _ in 0..4 {
            let page = page(adapters, &sample, descending, 2, after.take()).await;
            assert!(page.items.len() <= 2);
            seen.extend(ids(&page));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if descending {
            seen.reverse();
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    }
}

/// Neither another tenant's, nor what lies inside a parent.
pub async fn a_list_holds_only_its_partition(adapters: &Adapters) {
    let (sample, other) = (Sample::new(), Sample::new());
    write(adapters, &sample, &["mine"]).await;
    write(adapters, &other, &["theirs"]).await;
    let child = sample.key_within("mine", "child");
    adapters.commit(&sample.tx_with([put_view(&child, json!({}))])).await;

    assert_eq!(ids(&page(adapters, &sample, false, 100, None).await), ["mine"]);

    let listing =
        Listing { partition: child.partition, descending: false, limit: 100, after: None };
    assert_eq!(ids(&adapters.store.list(&listing).await.unwrap()), ["child"]);
}

async fn write(adapters: &Adapters, sample: &Sample, ids: &[&str]) {
    let items = ids.iter().map(|id| save_new(&sample.key(id), json!({"id": id})));
    adapters.commit(&sample.tx_with(items)).await;
}

async fn page(
    adapters: &Adapters,
    sample: &Sample,
    descending: bool,
    limit: usize,
    after: Option<String>,
) -> Page<Item> {
    let partition = sample.key("any").partition;
    adapters.store.list(&Listing { partition, descending, limit, after }).await.unwrap()
}

fn ids(page: &Page<Item>) -> Vec<String> {
    page.items.iter().map(|item| item.key.id.clone()).collect()
}
