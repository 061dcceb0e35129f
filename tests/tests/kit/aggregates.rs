//! What is event-sourced: its stream is its truth, one writer wins, and several commit together.

use postroom::doc_example::ShopError;
use postroom::port::JournalRecord;
use postroom::{
    Classify, DecodeError, Envelope, ExecuteError, Listener, Outcome, Tx, TxError, Verdict,
};

use crate::jars::{self, Jar, JarFilled, Step, SweetTaken, shop};
use crate::shop::Shop;

fn jar(sweets: u32, last: Option<&str>) -> Jar {
    Jar { sweets, last: last.map(str::to_owned) }
}

fn tx_error(error: ExecuteError<ShopError>) -> TxError {
    assert_eq!(error.verdict(), Verdict::Permanent);
    match error {
        ExecuteError::Command { source: ShopError::Tx(error), .. } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_aggregate_is_what_its_events_have_made_of_it() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5), Step::Fill("b", 1)]).await.unwrap();
    shop.steps([Step::Take("a")]).await.unwrap();

    let seen = shop.steps([Step::Look("a"), Step::Look("b"), Step::Look("c")]).await.unwrap();

    assert_eq!(seen, [(2, jar(4, Some("ann"))), (1, jar(1, None))]);
    let stored: Vec<_> = shop.memory.items();
    assert_eq!(stored, [], "nothing is stored of it but its events");
}

#[tokio::test]
async fn what_is_staged_is_seen_at_once() {
    let shop = shop();

    let steps = [Step::Fill("a", 5), Step::Look("a"), Step::Take("a"), Step::Look("a")];
    let seen = shop.steps(steps).await.unwrap();

    assert_eq!(seen, [(1, jar(5, None)), (2, jar(4, Some("ann")))]);
}

#[tokio::test]
async fn several_aggregates_commit_in_one_transaction() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5), Step::Fill("b", 1)]).await.unwrap();

    shop.steps([Step::Take("a"), Step::Fill("b", 1)]).await.unwrap();

    let commits = shop.commits();
    let versions: Vec<_> = commits[1].events().iter().map(JournalRecord::version).collect();
    assert_eq!((commits.len(), versions), (2, vec![2, 2]));
}

#[tokio::test]
async fn of_two_who_append_at_the_same_time_one_decides_again() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5)]).await.unwrap();
    let faster = shop.elsewhere(vec![Step::Take("a")]);

    let seen = shop.steps([Step::Look("a"), faster, Step::Take("a"), Step::Look("a")]).await;

    assert_eq!(seen.unwrap(), [(2, jar(4, Some("ann"))), (3, jar(3, Some("ann")))]);
    assert_eq!(shop.journal().await.len(), 3);
}

#[tokio::test]
async fn what_was_only_looked_at_must_not_have_changed() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5)]).await.unwrap();
    let faster = shop.elsewhere(vec![Step::Take("a")]);

    let seen = shop.steps([Step::Look("a"), faster, Step::Order("1")]).await.unwrap();

    assert_eq!(seen, [(2, jar(4, Some("ann")))]);
    let ends = |commit: usize| shop.commits()[commit].ends()[0].version;
    assert_eq!((ends(1 + 1), ends(3)), (1, 2), "the first lost, the second has looked again");
}

#[tokio::test]
async fn that_nothing_has_happened_yet_must_still_be_so() {
    let shop = shop();
    let faster = shop.elsewhere(vec![Step::Fill("a", 1)]);

    let seen = shop.steps([Step::Look("a"), faster, Step::Order("1")]).await.unwrap();

    assert_eq!(seen, [(1, jar(1, None))]);
}

#[tokio::test]
async fn who_has_not_looked_appends_nothing() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5)]).await.unwrap();

    let error = tx_error(shop.steps([Step::TakeBlindly("a")]).await.unwrap_err());

    assert!(matches!(error, TxError::StreamNotLoaded { .. }), "{error}");
    assert_eq!(shop.journal().await.len(), 1);
}

/// Takes a sweet of every jar that is filled, and does not look whether there are any left.
struct Greedy;

impl Listener<JarFilled> for Greedy {
    const NAME: &'static str = "greedy";
    type Error = ShopError;

    async fn on(&self, event: &Envelope<JarFilled>, tx: &mut Tx) -> Result<Outcome, ShopError> {
        tx.emit(SweetTaken { jar: event.data.jar.clone(), by: Self::NAME.to_owned() })?;
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn that_another_has_looked_is_not_enough() {
    let mut table = jars::reactions(());
    table.row::<JarFilled>().in_request(Greedy);
    let shop = Shop::with(table);

    let error = shop.steps([Step::Fill("a", 1)]).await.unwrap_err();

    let ExecuteError::Listener { source, .. } = error else { panic!("{error}") };
    assert!(source.reason().contains("greedy emits sweet.taken"), "{}", source.reason());
    assert_eq!(shop.memory.journal_records(), []);
}

#[tokio::test]
async fn an_event_that_an_aggregate_could_not_read_is_not_written() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5)]).await.unwrap();

    let error = tx_error(shop.steps([Step::Admire("a")]).await.unwrap_err());

    assert!(matches!(error, TxError::NotOfAggregate { r#type: "jar.admired", .. }), "{error}");
    let error = tx_error(shop.steps([Step::Take("b")]).await.unwrap_err());
    assert!(matches!(error, TxError::BrokenStream { expected: 1, .. }), "{error}");
    assert_eq!(shop.journal().await.len(), 1);
}

#[tokio::test]
async fn an_older_version_of_an_event_is_read_through_its_upcast() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5), Step::TakeOlder("a")]).await.unwrap();

    let seen = shop.steps([Step::Look("a")]).await.unwrap();

    assert_eq!(shop.journal().await[1].envelope.data_version, 1);
    assert_eq!(seen, [(2, jar(4, Some("nobody")))]);
}

#[tokio::test]
async fn a_newer_version_than_this_code_knows_fails_for_good() {
    let shop = shop();
    shop.steps([Step::Fill("a", 5)]).await.unwrap();
    shop.steps([Step::TakeNewer("a")]).await.unwrap();

    let error = tx_error(shop.steps([Step::Look("a")]).await.unwrap_err());

    let TxError::Event { version: 2, source, .. } = error else { panic!("{error}") };
    assert_eq!(source, DecodeError::NewerVersion { r#type: "sweet.taken", known: 2, found: 3 });
}

#[tokio::test]
async fn one_stream_is_not_two_aggregates_in_one_transaction() {
    let shop = shop();

    let error = tx_error(shop.steps([Step::Look("a"), Step::Replay("a")]).await.unwrap_err());

    assert!(matches!(error, TxError::TwoAggregates { .. }), "{error}");
}

#[tokio::test]
async fn each_stream_counts_among_the_hundred_actions() {
    let shop = shop();
    let fill = |events: usize| (0..events).map(|_| Step::Fill("a", 1));

    // One for the record, one for the stream.
    shop.steps(fill(98)).await.unwrap();
    let error = tx_error(shop.steps(fill(99)).await.unwrap_err());

    assert!(matches!(error, TxError::TooManyActions { .. }), "{error}");
    assert_eq!(shop.commits()[0].actions(), 100, "98 events, a snapshot and the record");
}
