//! Replays: which events are sent once more, how fast, and that each is sent once whatever happens on the way.

use std::time::Duration;

use postroom::port::Destination;
use postroom::{
    Message, Origin, RawEnvelope, ReplayCounts, ReplayOrder, ReplayState, Replayed, Replays, Resent,
};

use crate::parcels::{ParcelLost, ParcelSent, ShelfCounted, before, to};
use crate::shop::{Mishap, Shop};

#[tokio::test]
async fn an_event_goes_once_more_to_one_handler_under_its_own_id_and_is_marked() {
    let shop = Shop::depot();
    let [id] = shop.sends(1..2).await.try_into().unwrap();
    let asked = shop.ask(&to("tell-owner")).await;

    let resent = shop.replays().resend(None).await.unwrap();

    assert_eq!(resent, Resent { sent: 1 });
    let [row] = shop.staged().await.try_into().unwrap();
    // Not to the topic, to which others are subscribed too.
    assert_eq!((row.message_id, row.to), (id, Destination::Queue("tell-owner".to_owned())));
    let mut message = RawEnvelope::parse(&row.body).unwrap();
    assert_eq!(message.replay.take(), Some(Replayed { id: asked.id, again: false }));
    let journaled = shop.journal().await.remove(0).envelope;
    assert_eq!(message, journaled);
    let over = shop.replay(&asked).await;
    let counts = ReplayCounts { read: 1, matched: 1, sent: 1, ..ReplayCounts::default() };
    assert_eq!(
        (over.state, over.counts, over.ended_at),
        (ReplayState::Completed, counts, Some(shop.now()))
    );
}

/// The e-mail is sent once, however often its event arrives.
#[tokio::test]
async fn what_was_done_is_not_done_again() {
    let shop = Shop::depot();
    shop.happen(ParcelLost::TYPE, "1").await;
    assert_eq!(shop.delivered().await["tell-owner"], 1);

    shop.ask(&to("tell-owner")).await;
    shop.replayed().await;
    let delivered = shop.delivered().await;

    assert_eq!(shop.queue.sent("tell-owner").len(), 2, "it has arrived");
    assert_eq!(delivered["tell-owner"], 1);
}

#[tokio::test]
async fn what_was_not_done_is_done() {
    let shop = Shop::depot();
    // To the topic, which there is none of here: nobody was told.
    shop.sends(1..4).await;
    assert_eq!(shop.delivered().await["tell-owner"], 0);

    shop.ask(&to("tell-owner")).await;
    shop.replayed().await;

    assert_eq!(shop.delivered().await["tell-owner"], 3);
}

#[tokio::test]
async fn again_runs_what_is_replayable_once_more_and_nothing_else() {
    let shop = Shop::depot();
    shop.sends(1..4).await;
    shop.happen(ParcelLost::TYPE, "4").await;
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.delivered().await["count-parcels"], 4);

    let asked = shop.ask(&ReplayOrder { again: true, ..to("count-parcels") }).await;
    shop.replayed().await;
    let once = shop.delivered().await["count-parcels"];
    let twice = shop.delivered().await["count-parcels"];

    let counts = shop.replay(&asked).await.counts;
    assert_eq!((counts.matched, counts.sent, counts.not_replayable), (4, 3, 1));
    assert_eq!((once, twice), (4 + 3, 4 + 3));
}

#[tokio::test]
async fn each_part_of_an_order_narrows_what_is_meant() {
    let shop = Shop::depot();
    let other = Origin { tenant_id: "rival".parse().unwrap(), ..shop.origin() };
    let first = shop.now();
    for what in [ParcelSent::TYPE, ParcelLost::TYPE, ShelfCounted::TYPE] {
        shop.happen(what, "1").await;
        shop.clock.advance(Duration::from_mins(1));
    }
    shop.happen(ParcelSent::TYPE, "2").await;
    shop.happen_to(ParcelSent::TYPE, "1", &other).await;
    shop.clock.advance(Duration::from_mins(1));
    let after = |minutes| Some(first + Duration::from_mins(minutes));

    let all = || to("count-parcels");
    let of_type = |name: &str| Some(name.to_owned());
    let demo = Some("demo".parse().unwrap());
    let stream = Some("orders/1".to_owned());
    for (order, meant) in [
        (all(), 4),
        (ReplayOrder { r#type: of_type("parcel.lost"), ..all() }, 1),
        (ReplayOrder { r#type: of_type("parcel.*"), ..all() }, 4),
        (ReplayOrder { tenant_id: demo.clone(), ..all() }, 3),
        (ReplayOrder { tenant_id: demo.clone(), stream: stream.clone(), ..all() }, 2),
        (ReplayOrder { tenant_id: Some(other.tenant_id.clone()), stream, ..all() }, 1),
        (ReplayOrder { from: after(1), ..all() }, 3),
        (ReplayOrder { until: after(1), ..all() }, 1),
        (ReplayOrder { from: after(1), until: after(3), ..all() }, 1),
    ] {
        let rehearsed = shop.replays().rehearse(&order, None).await.unwrap();
        let asked = shop.ask(&order).await;
        shop.replayed().await;

        let over = shop.replay(&asked).await;
        assert_eq!((over.counts.matched, over.counts.sent), (meant, meant), "{order:?}");
        assert_eq!((rehearsed.counts, rehearsed.next), (over.counts, None), "{order:?}");
    }
}

#[tokio::test]
async fn what_happens_after_the_request_is_not_replayed() {
    let shop = Shop::depot();
    let before = shop.sends(0..3).await;
    let far = Some(shop.now() + Duration::from_hours(24));
    let asked = shop.ask(&ReplayOrder { until: far, ..to("count-parcels") }).await;

    shop.sends(3..6).await;
    shop.replayed().await;

    let mut expected = before;
    expected.sort();
    assert_eq!(shop.staged_ids().await, expected);
    assert_eq!(asked.selection.until, asked.requested_at);
}

#[tokio::test]
async fn no_more_is_sent_in_a_minute_than_was_asked_for() {
    let shop = Shop::depot();
    shop.sends(0..12).await;
    let asked = shop.ask(&ReplayOrder { per_minute: 5, ..to("count-parcels") }).await;

    let mut sent = Vec::new();
    for minute in 0..3 {
        let resent = shop.replays().resend(None).await.unwrap();
        // Called twice in a minute it has nothing to add.
        assert_eq!(shop.replays().resend(None).await.unwrap(), Resent::default(), "{minute}");
        sent.push(resent.sent);
        shop.clock.advance(Duration::from_mins(1));
    }

    assert_eq!(sent, [5, 5, 2]);
    let due: Vec<_> = shop.staged().await.iter().map(|row| row.due).collect();
    for six in due.windows(6) {
        assert!(six[5].duration_since(six[0]).as_secs() >= 60, "{due:?}");
    }
    assert_eq!(shop.replay(&asked).await.state, ReplayState::Completed);
}

#[tokio::test]
async fn what_is_called_off_sends_no_more_than_a_minute_has() {
    let shop = Shop::depot();
    shop.sends(0..12).await;
    let asked = shop.ask(&ReplayOrder { per_minute: 5, ..to("count-parcels") }).await;
    shop.replays().resend(None).await.unwrap();

    let id = asked.id.to_string();
    let cancelled = shop.replays().cancel(&id, &shop.origin()).await.unwrap().output;
    shop.clock.advance(Duration::from_mins(1));
    let resent = shop.replays().resend(None).await.unwrap();

    assert_eq!((cancelled.state, resent), (ReplayState::Cancelled, Resent::default()));
    assert_eq!(shop.staged().await.len(), 5);
    // Its handler is free for another.
    shop.ask(&to("count-parcels")).await;
}

#[tokio::test]
async fn a_replay_that_dies_on_its_way_sends_each_event_once() {
    let shop = Shop::depot();
    let mut expected = shop.sends(0..120).await;
    expected.sort();
    let asked = shop.ask(&to("count-parcels")).await;

    // A step is lost, then one whose answer is; somebody is faster; then it goes on.
    for mishaps in [
        vec![Mishap::Spared, Mishap::Refused],
        vec![Mishap::AnswerLost, Mishap::Spared, Mishap::Refused],
        vec![Mishap::LostRace, Mishap::Refused],
    ] {
        shop.mishaps(mishaps);
        shop.replays().resend(None).await.unwrap_err();
    }
    shop.replayed().await;

    assert_eq!(shop.staged_ids().await, expected);
    let counts = shop.replay(&asked).await.counts;
    assert_eq!((counts.read, counts.sent), (120, 120));
}

#[tokio::test]
async fn of_two_that_go_on_at_the_same_time_each_event_is_sent_once() {
    let shop = Shop::depot();
    let mut expected = shop.sends(0..120).await;
    expected.sort();
    shop.ask(&to("count-parcels")).await;

    let (one, other) = (shop.replays(), shop.replays());
    let (one, other) = tokio::join!(one.resend(None), other.resend(None));

    assert_eq!(one.unwrap().sent + other.unwrap().sent, 120);
    shop.replayed().await;
    assert_eq!(shop.staged_ids().await, expected);
}

/// What is appended meanwhile moves what lies behind it: a number of events would then send one twice, or pass one over.
#[tokio::test]
async fn a_page_that_has_grown_is_gone_on_with_behind_the_last_event() {
    let shop = Shop::depot();
    let mut expected = shop.sends(100..220).await;
    expected.sort();
    shop.ask(&ReplayOrder { per_minute: 7, ..to("count-parcels") }).await;

    for parcel in 0..40 {
        shop.replays().resend(None).await.unwrap();
        // Before and between those that are there.
        shop.happen(ParcelSent::TYPE, &format!("{parcel:03}")).await;
        shop.happen(ParcelSent::TYPE, &format!("{}x", 100 + 3 * parcel)).await;
        shop.clock.advance(Duration::from_mins(1));
    }
    shop.replayed().await;

    assert_eq!(shop.staged_ids().await, expected);
}

/// So much is appended before the last event that its page ends before it.
#[tokio::test]
async fn a_page_that_the_last_event_has_left_is_gone_on_with_behind_it() {
    let shop = Shop::depot();
    let mut expected = shop.sends(100..160).await;
    expected.sort();
    let asked = shop.ask(&ReplayOrder { per_minute: 40, ..to("count-parcels") }).await;

    shop.replays().resend(None).await.unwrap();
    let sent = shop.replay(&asked).await.counts.sent;
    assert!((31..50).contains(&sent), "{sent} are of a page of 50, which loses 20");
    for parcel in 0..20 {
        shop.happen(ParcelSent::TYPE, &format!("{parcel:03}")).await;
    }
    shop.clock.advance(Duration::from_mins(1));
    shop.replayed().await;

    assert_eq!(shop.staged_ids().await, expected);
    assert_eq!(shop.replay(&asked).await.counts.sent, 60);
}

#[tokio::test]
async fn a_reaction_of_the_request_is_not_repeated_from_a_queue() {
    let shop = Shop::depot();
    shop.happen_in(before::table(), "1").await;
    shop.happen_in(before::table(), "2").await;
    shop.sends(3..4).await;

    let asked = shop.ask(&to("count-parcels")).await;
    shop.replayed().await;

    let counts = shop.replay(&asked).await.counts;
    assert_eq!((counts.matched, counts.sent, counts.reacted_in_request), (3, 1, 2));
    assert_eq!(shop.delivered().await["count-parcels"], 3);
    let again = shop.ask(&ReplayOrder { again: true, ..to("count-parcels") }).await;
    shop.replayed().await;
    assert_eq!(shop.replay(&again).await.counts.sent, 3);
}

#[tokio::test]
async fn what_may_be_forgotten_when_it_arrives_is_not_sent() {
    let shop = Shop::depot();
    shop.sends(0..1).await;
    shop.clock.advance(Duration::from_secs(1));
    shop.sends(1..2).await;
    // The first is 15 days old when it is sent, the second a moment less: remembered for 30, and for 15 on its way.
    shop.clock.advance(Duration::from_secs(15 * 24 * 60 * 60 - 3));

    let asked = shop.ask(&to("count-parcels")).await;
    let again = ReplayOrder { again: true, ..to("count-parcels") };
    let rehearsed = shop.replays().rehearse(&again, None).await.unwrap();
    shop.replayed().await;

    let counts = shop.replay(&asked).await.counts;
    assert_eq!((counts.matched, counts.sent, counts.forgotten), (2, 1, 1));
    assert_eq!((rehearsed.counts.sent, rehearsed.counts.forgotten), (2, 0));
}

#[tokio::test]
async fn nothing_is_begun_before_the_deadline() {
    let shop = Shop::depot();
    shop.sends(0..3).await;
    let asked = shop.ask(&to("count-parcels")).await;

    let resent = shop.replays().resend(Some(shop.now() + Duration::from_secs(1))).await.unwrap();

    assert_eq!((resent, shop.replay(&asked).await.counts.read), (Resent::default(), 0));
}

#[tokio::test]
async fn without_a_replay_there_is_one_read_and_nothing_is_written() {
    let shop = Shop::depot();
    shop.sends(0..3).await;
    let commits = shop.commits().len();

    let resent = Replays::new(shop.runtime.clone()).resend(None).await.unwrap();

    assert_eq!((resent, shop.commits().len()), (Resent::default(), commits));
}
