//! Orders of replays: what is refused, what is tried without doing it, and what cannot go on.

use std::sync::Arc;
use std::time::Duration;

use postroom::memory::MemoryStore;
use postroom::port::{Journal, JournalPart, JournalRecord, Page, StoreError};
use postroom::{
    BoxFuture, CorrelationId, DeadLetterOffice, Listener, Message, Ports, Reactions, Refuse,
    ReplayOrder, ReplayState, Replays, Runtime, StreamId, TenantId,
};

use crate::parcels::{ParcelSent, before, parcels, to};
use crate::shop::{Mishap, Shop};

async fn refused(shop: &Shop, order: &ReplayOrder) -> (&'static str, String) {
    let rehearsed = shop.replays().rehearse(order, None).await.unwrap_err();
    let refused = shop.replays().request(order, &shop.origin()).await.unwrap_err();
    let (code, reason) = (rehearsed.refusal().unwrap().code, rehearsed.to_string());
    assert_eq!(refused.refusal().unwrap().code, code);
    (code, reason)
}

#[tokio::test]
async fn what_could_never_be_sent_is_refused_and_says_which_part_of_it() {
    let shop = Shop::with(parcels(&()).with_projector("project-views"));
    let now = shop.now();
    let typed = |name: &str| ReplayOrder { r#type: Some(name.to_owned()), ..to("tell-owner") };

    for (order, code, part) in [
        (to("nobody"), "replay-no-such-handler", "`handler`"),
        (to("project-views"), "replay-of-read-models", "`handler`"),
        (typed("parcel"), "replay-no-such-type", "`type`"),
        (typed("shelf.*"), "replay-no-such-type", "`type`"),
        (typed("*"), "replay-no-such-type", "`type`"),
        (ReplayOrder { again: true, ..to("tell-owner") }, "replay-not-replayable", "`again`"),
        (
            ReplayOrder { again: true, r#type: Some("parcel.lost".into()), ..to("count-parcels") },
            "replay-not-replayable",
            "`again`",
        ),
        (ReplayOrder { from: Some(now), ..to("tell-owner") }, "replay-no-period", "`from`"),
        (
            ReplayOrder { stream: Some("orders/1".into()), ..to("tell-owner") },
            "replay-stream-of-nobody",
            "`stream`",
        ),
    ] {
        let (said, reason) = refused(&shop, &order).await;
        assert_eq!(said, code, "{order:?}");
        assert!(reason.contains(part), "{reason}");
    }
    let from = Some(now - Duration::from_micros(1));
    shop.ask(&ReplayOrder { from, ..to("tell-owner") }).await;
}

#[tokio::test]
async fn a_handler_is_replayed_to_by_one_at_a_time() {
    let shop = Shop::depot();
    let asked = shop.ask(&to("tell-owner")).await;
    shop.ask(&to("count-parcels")).await;

    let other = shop.replays().request(&to("tell-owner"), &shop.origin()).await.unwrap_err();

    assert_eq!(other.refusal().unwrap().code, "replay-running");
    shop.replayed().await;
    shop.ask(&to("tell-owner")).await;
    let ended = shop.replays().cancel(&asked.id.to_string(), &shop.origin()).await.unwrap_err();
    assert_eq!(ended.refusal().unwrap().code, "replay-not-running");
    let unknown = shop.replays().cancel("nobody", &shop.origin()).await.unwrap_err();
    assert_eq!(unknown.refusal().unwrap().code, "replay-not-found");
}

/// One of several handlers that differ by their names.
struct Nth<const N: usize>;

const NAMES: [&str; 11] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];

impl<const N: usize> Listener<ParcelSent> for Nth<N> {
    const NAME: &'static str = NAMES[N];
    type Error = postroom::doc_example::ShopError;

    async fn on(
        &self,
        _: &postroom::Envelope<ParcelSent>,
        _: &mut postroom::Tx,
    ) -> Result<postroom::Outcome, Self::Error> {
        Ok(postroom::Outcome::DONE)
    }
}

macro_rules! queue_each {
    ($table:ident: $($number:literal)*) => {$(
        $table.row::<ParcelSent>().queued::<Nth<$number>, _>();
    )*};
}

#[tokio::test]
async fn ten_replays_run_at_one_time() {
    let mut table = Reactions::default();
    queue_each!(table: 0 1 2 3 4 5 6 7 8 9 10);
    let shop = Shop::with(table);
    for handler in &NAMES[..10] {
        shop.ask(&to(handler)).await;
    }

    let eleventh = shop.replays().request(&to(NAMES[10]), &shop.origin()).await.unwrap_err();

    assert_eq!(eleventh.refusal().unwrap().code, "too-many-replays");
    shop.replayed().await;
    shop.ask(&to(NAMES[10])).await;
}

#[tokio::test]
async fn a_dry_run_counts_page_by_page_what_would_be_sent_and_writes_nothing() {
    let shop = Shop::depot();
    shop.sends(0..620).await;
    let commits = shop.commits().len();

    let first = shop.replays().rehearse(&to("count-parcels"), None).await.unwrap();
    let rest = shop.replays().rehearse(&to("count-parcels"), first.next.clone()).await.unwrap();

    assert_eq!((first.counts.sent, rest.counts.sent, rest.next), (500, 120, None));
    assert_eq!((shop.commits().len(), shop.staged().await.len()), (commits, 0));
    assert!(shop.replays().list(10, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_dry_run_of_one_stream_goes_on_within_it() {
    let shop = Shop::depot();
    for _ in 0..520 {
        shop.happen(ParcelSent::TYPE, "1").await;
    }
    shop.sends(2..9).await;
    let tenant_id = Some("demo".parse().unwrap());
    let order =
        ReplayOrder { tenant_id, stream: Some("orders/1".to_owned()), ..to("count-parcels") };

    let first = shop.replays().rehearse(&order, None).await.unwrap();
    let rest = shop.replays().rehearse(&order, first.next.clone()).await.unwrap();
    let asked = shop.ask(&order).await;
    shop.replayed().await;

    assert_eq!((first.counts.read, rest.counts.read, rest.next), (500, 20, None));
    assert_eq!(shop.replay(&asked).await.counts.sent, 520);
}

#[tokio::test]
async fn replays_are_listed_from_the_last_with_who_asked_and_every_action_is_written_down() {
    let shop = Shop::depot();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let asked = shop.ask(&to("tell-owner")).await;
        shop.replays().cancel(&asked.id.to_string(), &shop.origin()).await.unwrap();
        shop.clock.advance(Duration::from_secs(1));
        ids.insert(0, asked.id);
    }

    let page = shop.replays().list(2, None).await.unwrap();
    let rest = shop.replays().list(2, page.next.clone()).await.unwrap();

    let listed: Vec<_> = page.items.iter().chain(&rest.items).map(|replay| replay.id).collect();
    assert_eq!(listed, ids);
    assert_eq!(page.items[0].actor_id.as_ref().unwrap().as_str(), "ann");
    let office = DeadLetterOffice::new(shop.runtime.clone(), Arc::new(shop.memory.clone()));
    let actions = office.actions(&ids[0].to_string()).await.unwrap();
    let actions: Vec<_> = actions.iter().map(|action| action.action.as_str()).collect();
    assert_eq!(actions, ["request-replay", "cancel-replay"]);
    assert_eq!(shop.replays().find("nobody").await.unwrap(), None);
}

/// A journal that cannot be read.
struct Damaged(MemoryStore, fn() -> StoreError);

impl Journal for Damaged {
    fn stream<'a>(
        &'a self,
        tenant: &'a TenantId,
        stream: &'a StreamId,
        after: u64,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        self.0.stream(tenant, stream, after)
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        self.0.chain(tenant, correlation_id, after)
    }

    fn all<'a>(
        &'a self,
        _: JournalPart,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<JournalRecord>, StoreError>> {
        let error = self.1();
        Box::pin(async move { Err(error) })
    }
}

fn over(shop: &Shop, failure: fn() -> StoreError) -> Replays {
    let journal = Arc::new(Damaged(shop.memory.clone(), failure));
    let ports = Ports { journal, ..shop.runtime.ports().clone() };
    Replays::new(Runtime::new(ports, parcels(&())))
}

#[tokio::test]
async fn a_replay_that_would_fail_again_is_told_once_and_has_failed_with_its_reason() {
    let shop = Shop::depot();
    let damaged = over(&shop, || StoreError::Corrupt {
        operation: "read all of the journal",
        reason: "no envelope".to_owned(),
    });
    let asked = shop.ask(&to("tell-owner")).await;
    // One that goes on beside it.
    let tenant_id = Some("demo".parse().unwrap());
    let stream = Some("orders/000".to_owned());
    shop.sends(0..1).await;
    let other = shop.ask(&ReplayOrder { tenant_id, stream, ..to("count-parcels") }).await;

    let told = damaged.resend(None).await.unwrap_err();
    let then = damaged.resend(None).await;

    assert!(told.to_string().contains(&asked.id.to_string()), "{told}");
    assert!(then.is_ok(), "{then:?}");
    let failed = shop.replay(&asked).await;
    assert_eq!(failed.state, ReplayState::Failed);
    assert!(failed.reason.unwrap().contains("no envelope"));
    assert_eq!(shop.replay(&other).await.state, ReplayState::Completed);
}

#[tokio::test]
async fn a_right_that_is_missing_ends_no_replay() {
    let shop = Shop::depot();
    shop.sends(0..3).await;
    let refused = over(&shop, || StoreError::Refused {
        operation: "read all of the journal",
        source: "no right".into(),
    });
    let asked = shop.ask(&to("count-parcels")).await;

    refused.resend(None).await.unwrap_err();
    shop.mishaps([Mishap::Refused]);
    shop.replays().resend(None).await.unwrap_err();
    shop.replayed().await;

    assert_eq!(shop.replay(&asked).await.counts.sent, 3);
}

#[tokio::test]
async fn a_replay_to_a_handler_that_there_is_no_more_has_failed() {
    let shop = Shop::depot();
    let asked = shop.ask(&to("tell-owner")).await;

    let told = Replays::new(shop.runtime_of(before::table())).resend(None).await.unwrap_err();

    assert!(told.to_string().contains("tell-owner"), "{told}");
    assert_eq!(shop.replay(&asked).await.state, ReplayState::Failed);
}
