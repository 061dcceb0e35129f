//! Keys: whatever their parts are called, no two things have one, and none spells another's.

use postroom::doc_example::{HistoryLine, Order};
use postroom::port::RunKey;
use postroom::{
    CorrelationId, DedupKey, IdempotencyKey, Ids as _, MessageId, Place, Stored, SystemIds,
    TenantId,
};
use proptest::prelude::*;

use crate::input::{cases, text};

/// A name as hostile as one can be that still is one.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "([ab#/% ~]|%23|%2F|%25){0,4}",
        text().prop_map(|text| text.chars().filter(|c| !c.is_control()).take(128).collect()),
        // What a key is made of around it.
        Just("orders".to_owned()),
        Just("demo#orders".to_owned()),
        Just("history#a".to_owned()),
    ]
}

fn tenant() -> impl Strategy<Value = TenantId> {
    name().prop_filter_map("no tenant", |name| name.parse().ok())
}

/// A handler, by any name but those that no handler may have.
fn handler() -> impl Strategy<Value = String> {
    let reserved = ["command", "idempotency", "refused", "breaker", "rate"];
    let names = prop_oneof!["[a-z][a-z#%-]{0,8}", Just("command#1".to_owned())];
    names.prop_filter("reserved", move |name| !reserved.contains(&name.as_str()))
}

/// A thing of a tenant: an id, inside a parent where there is one.
type Thing = (TenantId, Option<String>, String);

fn thing() -> impl Strategy<Value = Thing> {
    (tenant(), proptest::option::of(name()), name())
}

/// Two things: any, or one and the same with its names spelt as a key might spell them, or cut elsewhere.
fn two_things() -> impl Strategy<Value = (Thing, Thing)> {
    let respelt = (thing(), 0..SPELLINGS.len(), 0..3_usize).prop_filter_map(
        "no tenant",
        |(one, spelling, part)| {
            let (from, to) = SPELLINGS[spelling];
            let (mut tenant, mut parent, mut id) = one.clone();
            match part {
                0 => tenant = tenant.as_str().replace(from, to).parse().ok()?,
                1 => parent = parent.map(|parent| parent.replace(from, to)),
                _ => id = id.replace(from, to),
            }
            Some((one, (tenant, parent, id)))
        },
    );
    let cut =
        (thing(), prop::sample::select(vec!["#", "/", "%23", "%2F"])).prop_map(|(one, at)| {
            let (tenant, parent, id) = one.clone();
            let other = match (parent, id.split_once(at)) {
                (Some(parent), _) => (tenant, None, format!("{parent}{at}{id}")),
                (None, Some((parent, id))) => (tenant, Some(parent.to_owned()), id.to_owned()),
                (None, None) => (tenant, Some(String::new()), id),
            };
            (one, other)
        });
    prop_oneof![(thing(), thing()), respelt, cut]
}

/// How a key spells what its parts are cut by, and the other way round.
const SPELLINGS: [(&str, &str); 8] = [
    ("#", "%23"),
    ("%23", "#"),
    ("/", "%2F"),
    ("%2F", "/"),
    ("%", "%25"),
    ("%25", "%"),
    ("#", ""),
    ("/", ""),
];

/// Partition, id and stream of a thing, in a collection with parents and in one without.
fn keys<T: Stored>(thing: &Thing) -> (String, String, String) {
    let (tenant, parent, id) = thing;
    let place: Place<T> = match parent {
        Some(parent) => Place::within(parent, id),
        None => Place::new(id),
    };
    let key = place.key(tenant);
    (key.partition.as_str().to_owned(), key.id, place.stream().key(tenant))
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn two_things_have_two_places_and_two_streams((one, other) in two_things()) {
        let (a, b) = (keys::<Order>(&one), keys::<Order>(&other));

        prop_assert_eq!(one == other, (&a.0, &a.1) == (&b.0, &b.1), "{:?} {:?}", a, b);
        prop_assert_eq!(one == other, a.2 == b.2, "{:?} {:?}", a, b);
    }

    #[test]
    fn collections_do_not_meet(one in thing(), other in thing()) {
        let (a, b) = (keys::<Order>(&one), keys::<HistoryLine>(&other));

        prop_assert_ne!((&a.0, &a.1), (&b.0, &b.1));
        prop_assert_ne!(a.2, b.2);
    }

    #[test]
    fn no_tenants_keys_begin_like_anothers(one in tenant(), other in tenant(), id in name()) {
        let begins = |tenant: &TenantId| {
            let partition = Order::at(&id).key(tenant).partition.as_str().to_owned();
            partition.split('#').next().unwrap().to_owned()
        };

        prop_assert_eq!(one == other, begins(&one) == begins(&other));
    }

    #[test]
    fn runs_of_callers_handlers_and_commands_do_not_meet(
        one in tenant(),
        other in tenant(),
        keys in ("[ab#%235 ~]{1,4}", "[ab#%235 ~]{1,4}"),
        handler in handler(),
    ) {
        let key = |text: &str| text.parse::<IdempotencyKey>().unwrap();
        let (mine, theirs) = (key(&keys.0), key(&keys.1));
        let same = one == other && mine == theirs;
        let message = MessageId::from(SystemIds.fresh());

        let (a, b) = (RunKey::of_idempotency(&one, &mine), RunKey::of_idempotency(&other, &theirs));

        prop_assert_eq!(same, a == b);
        prop_assert!(a.is_command() && !a.is_refusal());
        prop_assert_ne!(&a, &RunKey::of_command(message));
        let run = RunKey::of_handler(&handler, message);
        prop_assert!(!run.is_command() && !run.is_refusal());
        prop_assert_ne!(&a, &run);
    }

    #[test]
    fn names_that_handlers_give_messages_are_their_tenants_own(
        one in tenant(),
        other in tenant(),
        names in (name(), name()),
    ) {
        let (a, b) = (DedupKey::named(&one, &names.0), DedupKey::named(&other, &names.1));

        prop_assert_eq!(a.is_none(), names.0.is_empty());
        if a.is_some() {
            prop_assert_eq!((one, &names.0) == (other, &names.1), a == b);
        }
    }

    #[test]
    fn chains_are_their_tenants_own(one in tenant(), other in tenant(), id in "[a-c._-]{1,3}") {
        let chain: CorrelationId = id.parse().unwrap();

        prop_assert_eq!(one == other, chain.key(&one) == chain.key(&other));
    }
}
