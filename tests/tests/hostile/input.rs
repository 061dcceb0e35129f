//! Input of every kind.

use std::future::Future;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};

/// So many cases of a property, unless the environment names another number.
pub(crate) fn cases(many: u32) -> Config {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    if given { default } else { Config { cases: many, ..default } }
}

/// Runs something asynchronous to its end.
pub(crate) fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}

/// Any text; half of it short and made of what keys, paths and JSON are cut by.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a#/%235F\"\\\\{}\u{0}\u{FFFE}\u{FFFF} é]{0,6}",
        vec(any::<char>(), 0..20).prop_map(String::from_iter),
    ]
}

/// Any JSON.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Such as are read back to the last digit.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..6).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// What is changed about a document: up to three of its places get other JSON, or are taken away.
pub(crate) fn mutations() -> impl Strategy<Value = Vec<(Index, Option<Value>)>> {
    vec((any::<Index>(), proptest::option::weighted(0.8, json())), 1..4)
}

/// The document after its mutations.
pub(crate) fn mutated(mut document: Value, mutations: &[(Index, Option<Value>)]) -> Value {
    for (at, to) in mutations {
        let mut places = Vec::new();
        places_of(&document, String::new(), &mut places);
        let place = &places[at.index(places.len())];
        match to {
            Some(to) => *document.pointer_mut(place).unwrap() = to.clone(),
            None => remove(&mut document, place),
        }
    }
    document
}

fn places_of(value: &Value, here: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places_of(member, format!("{here}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places_of(item, format!("{here}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(here);
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else {
        *document = json!(null);
        return;
    };
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(name.parse().unwrap());
        }
        _ => {}
    }
}
