//! What a store promises to a reader.

use serde_json::json;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, put_view, save_new};
use crate::port::{Item, Listing, MAX_KEYS, Page, StoreError};
use crate::stored::Key;

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

    let listing = Listing { partition: child.partition, ..listing(&sample, "") };
    assert_eq!(ids(&adapters.store.list(&listing).await.unwrap()), ["child"]);
}

/// In both directions, and nothing of what is beside it in the order.
pub async fn a_list_of_a_prefix_holds_what_begins_so(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["a", "aa", "ab", "ab#1", "abc", "ac", "b"]).await;

    let up = found(adapters, &listing(&sample, "ab")).await;
    let down = Listing { descending: true, ..listing(&sample, "ab") };

    assert_eq!(up, ["ab", "ab#1", "abc"]);
    assert_eq!(found(adapters, &down).await, ["abc", "ab#1", "ab"]);
    assert_eq!(found(adapters, &listing(&sample, "ad")).await, [""; 0]);
}

/// Nothing in it means anything but itself, and an id of another case, or of other code points, is another.
pub async fn a_prefix_is_taken_byte_for_byte(adapters: &Adapters) {
    let sample = Sample::new();
    let decomposed = "e\u{301}";
    let ids =
        ["%", "%23", "#", "a*", "ab", "A", "é", decomposed, "\u{10FFFF}z", "\u{1F4EE}", "日本"];
    write(adapters, &sample, &ids).await;

    for (prefix, expected) in [
        ("%", ["%", "%23"].as_slice()),
        ("%2", &["%23"]),
        ("#", &["#"]),
        ("a", &["a*", "ab"]),
        ("a*", &["a*"]),
        ("e", &[decomposed]),
        ("é", &["é"]),
        ("\u{10FFFF}", &["\u{10FFFF}z"]),
        ("\u{1F4EE}", &["\u{1F4EE}"]),
        ("日", &["日本"]),
        ("_", &[]),
    ] {
        assert_eq!(found(adapters, &listing(&sample, prefix)).await, expected, "{prefix:?}");
    }
}

/// Wherever the page before ended, also where that is not of this prefix, or gone.
pub async fn pages_of_a_prefix_neither_skip_nor_repeat(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["a", "b1", "b2", "b3", "c"]).await;
    let from = |descending, after: &str| Listing {
        descending,
        after: Some(after.to_owned()),
        ..listing(&sample, "b")
    };

    let first = Listing { limit: 2, ..listing(&sample, "b") };
    let first = adapters.store.list(&first).await.unwrap();
    assert_eq!(ids(&first), ["b1", "b2"]);
    let next = Listing { after: first.next, ..listing(&sample, "b") };
    assert_eq!(found(adapters, &next).await, ["b3"]);

    for (after, up) in [
        ("a", ["b1", "b2", "b3"].as_slice()),
        ("b", &["b1", "b2", "b3"]),
        ("b1x", &["b2", "b3"]),
        ("b3", &[]),
        ("c", &[]),
    ] {
        assert_eq!(found(adapters, &from(false, after)).await, up, "behind {after}");
    }
    for (after, down) in [
        ("c", ["b3", "b2", "b1"].as_slice()),
        ("b2x", &["b2", "b1"]),
        ("b1", &[]),
        ("b", &[]),
        ("a", &[]),
    ] {
        assert_eq!(found(adapters, &from(true, after)).await, down, "before {after}");
    }
}

/// Whatever their partitions; where there is none, there is a gap.
pub async fn many_items_come_in_the_order_of_their_keys(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["a", "b"]).await;
    let child = sample.key_within("a", "child");
    adapters.commit(&sample.tx_with([put_view(&child, json!({"id": "child"}))])).await;
    let keys = [sample.key("b"), child, sample.key("nobody"), sample.key("a")];

    let found = adapters.store.get_many(&keys).await.unwrap();

    let mut one_by_one = Vec::new();
    for key in &keys {
        one_by_one.push(adapters.item(key).await);
    }
    assert_eq!(found, one_by_one);
    assert!(found[2].is_none() && found.iter().flatten().count() == 3);
    assert_eq!(adapters.store.get_many(&[]).await.unwrap(), []);
}

/// The hundredth is read; of a hundred and one, none.
pub async fn a_hundred_items_come_at_once_and_no_more(adapters: &Adapters) {
    let sample = Sample::new();
    write(adapters, &sample, &["99"]).await;
    let keys: Vec<Key> = (0..=MAX_KEYS).map(|id| sample.key(&id.to_string())).collect();

    let found = adapters.store.get_many(&keys[..MAX_KEYS]).await.unwrap();

    assert_eq!((found.len(), found.iter().flatten().count()), (MAX_KEYS, 1));
    assert!(found[99].is_some());
    let refused = adapters.store.get_many(&keys).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
}

/// DynamoDB reads no key twice in one call, so nobody does.
pub async fn a_key_that_is_there_twice_is_refused(adapters: &Adapters) {
    let sample = Sample::new();
    let keys = [sample.key("a"), sample.key("b"), sample.key("a")];

    let refused = adapters.store.get_many(&keys).await;

    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
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
    let listing = Listing { descending, limit, after, ..listing(sample, "") };
    adapters.store.list(&listing).await.unwrap()
}

fn listing(sample: &Sample, prefix: &str) -> Listing {
    let (partition, prefix) = (sample.key("any").partition, prefix.to_owned());
    Listing { partition, prefix, descending: false, limit: 100, after: None }
}

async fn found(adapters: &Adapters, listing: &Listing) -> Vec<String> {
    ids(&adapters.store.list(listing).await.unwrap())
}

fn ids(page: &Page<Item>) -> Vec<String> {
    page.items.iter().map(|item| item.key.id.clone()).collect()
}
