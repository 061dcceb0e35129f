//! Dead letters listed, counted and redriven by what they have in common.

use std::time::Duration;

use postroom::port::{DeadLetter, DeadLetters};
use postroom::{Bulk, BulkError, LetterFilter, Record};

use crate::office::{letter, office, operator, parked};
use crate::shop::{Mishap, ScriptedBank, Shop};

/// More than a page of every shard.
#[tokio::test]
async fn a_list_holds_every_open_letter_the_last_failed_first() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    let first = letter(&shop, &id).await;
    let mut newest_first = vec![id];
    for seconds in 1..300 {
        let last_failed_at = first.last_failed_at + Duration::from_secs(seconds);
        let next =
            DeadLetter { id: format!("charge-card#{seconds}"), last_failed_at, ..first.clone() };
        shop.memory.park(&next).await.unwrap();
        newest_first.insert(0, next.id);
    }
    let (mut found, mut cursor) = (Vec::new(), None);

    for _ in 0..10 {
        let page = office(&shop).list(&LetterFilter::default(), 260, cursor).await.unwrap();
        assert!(page.items.len() <= 260);
        found.extend(page.items.into_iter().map(|letter| letter.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }

    assert_eq!((found, cursor), (newest_first, None));
}

#[tokio::test]
async fn a_filter_means_what_it_names() {
    let shop = Shop::new();
    let begun = shop.now();
    let (_, gone) = parked(&shop, "1").await;
    shop.clock.advance(Duration::from_secs(1));
    let record = Record {
        message_id: "odd".to_owned(),
        body: "odd".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    shop.card_worker(ScriptedBank::default()).process(&[record], None).await;
    let odd = "charge-card#odd".to_owned();
    let fingerprint = letter(&shop, &gone).await.fingerprint;
    let at = |seconds| Some(begun + Duration::from_secs(seconds));
    let any = LetterFilter::default();

    for (filter, expected) in [
        (LetterFilter { queue: Some("charge-card".to_owned()), ..any.clone() }, vec![&odd, &gone]),
        (LetterFilter { queue: Some("other".to_owned()), ..any.clone() }, vec![]),
        (LetterFilter { handler: Some("charge-card".to_owned()), ..any.clone() }, vec![&gone]),
        (LetterFilter { r#type: Some("order.placed".to_owned()), ..any.clone() }, vec![&gone]),
        (LetterFilter { fingerprint: Some(fingerprint), ..any.clone() }, vec![&gone]),
        (LetterFilter { from: at(1), ..any.clone() }, vec![&odd]),
        (LetterFilter { before: at(1), ..any.clone() }, vec![&gone]),
        (LetterFilter { from: at(0), before: at(2), ..any.clone() }, vec![&odd, &gone]),
        (LetterFilter { from: at(2), ..any }, vec![]),
    ] {
        let found = office(&shop).list(&filter, 10, None).await.unwrap().items;
        assert_eq!(
            found.iter().map(|letter| &letter.id).collect::<Vec<_>>(),
            expected,
            "{filter:?}"
        );
    }
}

#[tokio::test]
async fn letters_that_failed_in_the_same_way_are_counted_together() {
    let shop = Shop::new();
    let odd = Record {
        message_id: "odd".to_owned(),
        body: "odd".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    shop.card_worker(ScriptedBank::default()).process(&[odd], None).await;
    let first_failed_at = shop.now();
    parked(&shop, "1").await;
    shop.clock.advance(Duration::from_secs(1));
    let (_, newest) = parked(&shop, "2").await;

    let groups = office(&shop).groups(&LetterFilter::default()).await.unwrap();

    assert!(!groups.truncated);
    let [gone, odd] = groups.groups.try_into().unwrap();
    assert_eq!((gone.letters, gone.newest, odd.letters), (2, newest, 1));
    assert!(gone.reason.ends_with("order 2 is gone"), "{}", gone.reason);
    assert_eq!((gone.first_failed_at, gone.last_failed_at), (first_failed_at, shop.now()));
}

#[tokio::test]
async fn many_are_redriven_at_a_rate_and_gone_on_with() {
    let shop = Shop::new();
    for order in ["1", "2", "3"] {
        parked(&shop, order).await;
        shop.clock.advance(Duration::from_secs(1));
    }
    let pace = Duration::from_secs(10);
    let bulk = Bulk { limit: 2, pace, ..Bulk::default() };

    let first = office(&shop).redrive_all(&bulk, &operator(&shop)).await.unwrap();
    let rest = Bulk { cursor: first.next.clone(), ..bulk };
    let rest = office(&shop).redrive_all(&rest, &operator(&shop)).await.unwrap();

    assert_eq!((first.redriven.len(), rest.redriven.len(), rest.next), (2, 1, None));
    let waiting = shop.outbox().await;
    assert_eq!(waiting.len(), 1, "the first of each call is sent at once");
    assert_eq!(waiting[0].due, shop.now() + pace);
}

#[tokio::test]
async fn a_dry_run_says_what_the_real_one_would_and_changes_nothing() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    let odd = Record {
        message_id: "odd".to_owned(),
        body: "odd".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    shop.card_worker(ScriptedBank::default()).process(&[odd], None).await;
    let commits = shop.commits().len();

    let bulk = Bulk { limit: 10, ..Bulk::default() };
    let rehearsal = office(&shop).rehearsal();
    let rehearsed = rehearsal.redrive_all(&bulk, &operator(&shop)).await.unwrap();
    let written = shop.commits().len() - commits;
    let done = office(&shop).redrive_all(&bulk, &operator(&shop)).await.unwrap();

    assert_eq!((rehearsed.redriven.as_slice(), rehearsed.refused.len()), (&[id][..], 1));
    assert_eq!((rehearsed, written), (done, 0));
}

#[tokio::test]
async fn one_that_is_refused_does_not_stop_the_others() {
    let shop = Shop::new();
    let (_, id) = parked(&shop, "1").await;
    shop.clock.advance(Duration::from_secs(1));
    let odd = Record {
        message_id: "odd".to_owned(),
        body: "odd".to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    shop.card_worker(ScriptedBank::default()).process(&[odd], None).await;

    let bulk = Bulk { limit: 10, ..Bulk::default() };
    let report = office(&shop).redrive_all(&bulk, &operator(&shop)).await.unwrap();

    assert_eq!(report.redriven, [id]);
    let [refused] = report.refused.try_into().unwrap();
    assert_eq!(
        (refused.id.as_str(), refused.code.as_str()),
        ("charge-card#odd", "dead-letter-unreadable")
    );
}

#[tokio::test]
async fn what_a_bulk_has_done_is_told_when_the_next_one_fails() {
    let shop = Shop::new();
    let (_, older) = parked(&shop, "1").await;
    shop.clock.advance(Duration::from_secs(1));
    let (_, newer) = parked(&shop, "2").await;
    let bulk = Bulk { limit: 10, ..Bulk::default() };
    shop.mishaps([Mishap::Spared, Mishap::Refused, Mishap::Refused]);

    let done = office(&shop).redrive_all(&bulk, &operator(&shop)).await.unwrap();
    let rest = Bulk { cursor: done.next.clone(), ..bulk };
    let failed = office(&shop).redrive_all(&rest, &operator(&shop)).await.unwrap_err();
    let healed = office(&shop).redrive_all(&rest, &operator(&shop)).await.unwrap();

    assert_eq!(done.redriven, [newer]);
    assert!(matches!(failed, BulkError::Redrive { id, .. } if id == older));
    assert_eq!((healed.redriven, healed.next), (vec![older], None));
}
