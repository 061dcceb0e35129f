//! What a journal promises.

use std::collections::BTreeMap;

use crate::contract::Adapters;
use crate::contract::sample::{Sample, Thing};
use crate::port::{JournalPart, JournalRecord};
use crate::stored::{Place, StreamId};
use crate::transaction::Transaction;

/// More than any adapter gives at once.
const MANY: u64 = 150;

/// The envelope, who emitted it, and what became of it in the request.
pub async fn an_event_is_read_back_as_it_was_written(adapters: &Adapters) {
    let sample = Sample::new();
    let event = sample.event("a", 1);

    append(adapters, &sample, vec![event.clone()]).await;

    assert_eq!(stream(adapters, &sample, "a", 0).await, [event]);
}

/// Versions as numbers, not as text, and only behind the one named.
pub async fn a_stream_is_read_in_order_from_any_version(adapters: &Adapters) {
    let sample = Sample::new();
    append(adapters, &sample, (1..=12).map(|version| sample.event("a", version)).collect()).await;

    assert_eq!(versions(&stream(adapters, &sample, "a", 0).await), (1..=12).collect::<Vec<_>>());
    assert_eq!(versions(&stream(adapters, &sample, "a", 9).await), [10, 11, 12]);
    assert_eq!(stream(adapters, &sample, "a", 12).await, []);
}

/// Going on behind the last version of a page visits every event once.
pub async fn a_long_stream_comes_in_pages(adapters: &Adapters) {
    let sample = Sample::new();
    append(adapters, &sample, many(&sample)).await;

    let mut seen = Vec::new();
    for _ in 0..MANY {
        let after = seen.last().copied().unwrap_or(0);
        let page = adapters.journal.stream(&sample.tenant, &of("a"), after).await.unwrap();
        seen.extend(versions(&page.items));
        if page.next.is_none() {
            break;
        }
    }

    assert_eq!(seen, (1..=MANY).collect::<Vec<_>>());
}

/// Neither another stream's, nor another tenant's stream of the same name.
pub async fn a_stream_holds_only_its_own_events(adapters: &Adapters) {
    let (sample, other) = (Sample::new(), Sample::new());
    append(adapters, &sample, vec![sample.event("a", 1), sample.event("b", 1)]).await;
    append(adapters, &other, vec![other.event("a", 1), other.event("a", 2)]).await;

    assert_eq!(versions(&stream(adapters, &sample, "a", 0).await), [1]);
}

/// Whatever stream they are in, by time.
pub async fn a_chain_holds_its_events_by_time(adapters: &Adapters) {
    let sample = Sample::new();
    let events = [sample.event("b", 3), sample.event("a", 1), sample.event("c", 2)];
    append(adapters, &sample, events.to_vec()).await;

    let chain = chain(adapters, &sample).await;

    assert_eq!(versions(&chain), [1, 2, 3]);
}

/// Neither another chain's events, nor another tenant's in a chain of the same name.
pub async fn a_chain_holds_only_its_own_events(adapters: &Adapters) {
    let sample = Sample::new();
    let other_chain = Sample { tenant: sample.tenant.clone(), ..Sample::new() };
    let other_tenant = Sample { correlation_id: sample.correlation_id.clone(), ..Sample::new() };
    append(adapters, &sample, vec![sample.event("mine", 1)]).await;
    append(adapters, &other_chain, vec![other_chain.event("theirs", 1)]).await;
    append(adapters, &other_tenant, vec![other_tenant.event("theirs", 1)]).await;

    let chain = chain(adapters, &sample).await;

    assert_eq!(chain.len(), 1);
    assert_eq!(chain[0].envelope.subject, "things/mine");
}

/// Following `next` visits every event once.
pub async fn a_long_chain_comes_in_pages(adapters: &Adapters) {
    let sample = Sample::new();
    append(adapters, &sample, many(&sample)).await;

    let chain = chain(adapters, &sample).await;

    assert_eq!(versions(&chain), (1..=MANY).collect::<Vec<_>>());
}

/// Whoever reads all parts sees every event of every tenant once, and the events of a stream in one part and in order.
pub async fn all_parts_together_are_everything_in_the_order_of_each_stream(adapters: &Adapters) {
    let (sample, other) = (Sample::new(), Sample::new());
    append(adapters, &sample, many(&sample)).await;
    append(adapters, &sample, (1..=7).map(|version| sample.event("b", version)).collect()).await;
    append(adapters, &other, vec![other.event("a", 1), other.event("a", 2)]).await;

    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for number in 0..3 {
        let part = all(adapters, JournalPart { number, of: 3 }).await;
        let mut of_part: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for record in part {
            of_part.entry(record.stream_key()).or_default().push(record.version());
        }
        for (stream, versions) in of_part {
            assert_eq!(seen.insert(stream.clone(), versions), None, "{stream} is in two parts");
        }
    }

    let of = |sample: &Sample, id| of(id).key(&sample.tenant);
    let expected = BTreeMap::from([
        (of(&sample, "a"), (1..=MANY).collect()),
        (of(&sample, "b"), (1..=7).collect()),
        (of(&other, "a"), vec![1, 2]),
    ]);
    assert_eq!(seen, expected);
}

/// A reader that was interrupted goes on behind the last page it had, whatever was appended since.
pub async fn reading_all_goes_on_where_it_stopped(adapters: &Adapters) {
    let sample = Sample::new();
    append(adapters, &sample, many(&sample)).await;
    let first = adapters.journal.all(JournalPart::WHOLE, None).await.unwrap();
    let behind = first.next.as_deref();
    let second = adapters.journal.all(JournalPart::WHOLE, behind).await.unwrap();
    append(adapters, &sample, vec![sample.event("a", MANY + 1)]).await;

    let again = adapters.journal.all(JournalPart::WHOLE, behind).await.unwrap();

    let length = second.items.len();
    assert_eq!(again.items[..length], second.items);
    assert_eq!(
        versions(&first.items).last().map(|last| last + 1),
        versions(&again.items).first().copied()
    );
}

async fn all(adapters: &Adapters, part: JournalPart) -> Vec<JournalRecord> {
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    for _ in 0..MANY {
        let page = adapters.journal.all(part, after.as_deref()).await.unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen
}

fn many(sample: &Sample) -> Vec<JournalRecord> {
    (1..=MANY).map(|version| sample.event("a", version)).collect()
}

fn of(id: &str) -> StreamId {
    Place::<Thing>::new(id).stream()
}

fn versions(records: &[JournalRecord]) -> Vec<u64> {
    records.iter().map(JournalRecord::version).collect()
}

async fn append(adapters: &Adapters, sample: &Sample, events: Vec<JournalRecord>) {
    for events in events.chunks(99) {
        adapters.commit(&Transaction { events: events.to_vec(), ..sample.tx() }).await;
    }
}

async fn stream(adapters: &Adapters, sample: &Sample, id: &str, after: u64) -> Vec<JournalRecord> {
    adapters.journal.stream(&sample.tenant, &of(id), after).await.unwrap().items
}

async fn chain(adapters: &Adapters, sample: &Sample) -> Vec<JournalRecord> {
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..MANY {
        let chain =
            adapters.journal.chain(&sample.tenant, &sample.correlation_id, after.as_deref());
        let page = chain.await.unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen
}
