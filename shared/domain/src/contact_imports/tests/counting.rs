//! Whatever the order of an import's chunks: it is completed by the last of them, and its counts are exact.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::contact_imports::csv::Scan;
use crate::contact_imports::{
    ContactImport, ContactImportView, Counts, ImportCounter, ImportFile, ImportStatus,
};

const AT: Timestamp = Timestamp::constant(1_000, 0);

fn waiting() -> ContactImport {
    ContactImport {
        id: Uuid::from_u128(1).into(),
        file_name: "people.csv".to_owned(),
        size_bytes: 1_024,
        status: ImportStatus::Waiting,
        created_at: Timestamp::UNIX_EPOCH,
        started_at: None,
        finished_at: None,
        reason: None,
        file: None,
        counters_done: 0,
    }
}

fn file(chunks: u32) -> ImportFile {
    let mut scan = Scan::new();
    scan.read(b"email,name\n").unwrap();
    let columns = scan.finish().unwrap().columns;
    let [key, etag] = ["imports/demo/1.csv", "1"];
    ImportFile {
        key: key.parse().unwrap(),
        etag: etag.parse().unwrap(),
        columns,
        rows: u64::from(chunks) * 3,
        chunks,
    }
}

/// An import while its chunks are counted, as they are stored.
struct Counting {
    import: ContactImport,
    counters: BTreeMap<u32, ImportCounter>,
    writes_of_import: usize,
}

impl Counting {
    fn of(chunks: u32) -> Self {
        let import = waiting().started(file(chunks), AT);
        Self { import, counters: BTreeMap::new(), writes_of_import: 0 }
    }

    /// What the transaction of one chunk does.
    fn count(&mut self, ordinal: u32, counts: Counts) {
        let chunks = self.import.file.as_ref().unwrap().chunks;
        let (id, number) = (self.import.id, ImportCounter::of_chunk(ordinal, chunks));
        let counter = self.counters.remove(&number);
        let counter = counter.unwrap_or_else(|| ImportCounter::new(id, number)).with(counts);
        if counter.is_done(chunks) {
            self.import = self.import.clone().counted(number, AT);
            self.writes_of_import += 1;
        }
        self.counters.insert(number, counter);
    }

    fn view(&self) -> ContactImportView {
        let counts = self.counters.values().map(|counter| counter.counts);
        ContactImportView::of(self.import.clone(), counts)
    }
}

fn counts(ordinal: u32) -> Counts {
    let [imported, duplicates, rejected] = [ordinal % 3, (ordinal + 1) % 3, (ordinal + 2) % 3];
    Counts { imported: imported.into(), duplicates: duplicates.into(), rejected: rejected.into() }
}

proptest! {
    #[test]
    fn an_import_is_completed_by_its_last_chunk_in_whatever_order_and_is_exact(
        order in (1_u32..300).prop_flat_map(|chunks| Just((0..chunks).collect::<Vec<_>>()).prop_shuffle()),
    ) {
        let chunks = u32::try_from(order.len()).unwrap();
        let mut counting = Counting::of(chunks);
        let mut before = counting.view();

        for ordinal in order {
            prop_assert_eq!(before.status, ImportStatus::Running);
            counting.count(ordinal, counts(ordinal));
            let now = counting.view();
            prop_assert_eq!(now.processed, before.processed + 3);
            before = now;
        }

        prop_assert_eq!((before.status, before.finished_at), (ImportStatus::Completed, Some(AT)));
        prop_assert_eq!(before.processed, before.total);
        let expected = (0..chunks).map(counts).fold(Counts::default(), |sum, more| sum + more);
        prop_assert_eq!(before.counts, expected);
    }

    // The chunks of a file of 480 rows met at their import, which each of its 20 counters marked, and lost most of their
    // races: some gave up, and came again seconds later.
    #[test]
    fn no_item_is_written_much_more_often_than_it_has_to_be(chunks in 1_u32..10_000) {
        let mut counting = Counting::of(chunks);

        for ordinal in 0..chunks {
            counting.count(ordinal, counts(ordinal));
        }

        let of_a_counter = counting.counters.values().map(|counter| counter.chunks).max().unwrap();
        let least = chunks.isqrt() + 1;
        prop_assert!(counting.writes_of_import <= usize::try_from(least.min(32)).unwrap());
        prop_assert!(of_a_counter <= least.max(chunks.div_ceil(32)), "{}", of_a_counter);
    }
}

#[test]
fn a_file_without_rows_is_completed_at_once() {
    let import = waiting().started(file(0), AT);

    assert_eq!((import.status, import.finished_at), (ImportStatus::Completed, Some(AT)));
}

#[test]
fn what_is_over_stays_as_it_is() {
    let later = Timestamp::constant(2_000, 0);
    let cancelled = waiting().started(file(1), AT).cancelled(AT);
    let failed = waiting().failed("no".to_owned(), AT);
    let completed = waiting().started(file(0), AT);

    let counted = cancelled.clone().counted(0, later);

    assert_eq!((counted.status, counted.finished_at), (ImportStatus::Cancelled, Some(AT)));
    assert_eq!((failed.status, failed.reason.as_deref()), (ImportStatus::Failed, Some("no")));
    assert_eq!(completed.clone().cancelled(later), completed);
    assert_eq!(failed.clone().cancelled(later), failed);
}

#[test]
fn a_file_with_fewer_chunks_than_counters_waits_for_those_it_has() {
    let mut counting = Counting::of(2);

    counting.count(1, counts(1));
    let half = counting.view().status;
    counting.count(0, counts(0));

    assert_eq!([half, counting.view().status], [ImportStatus::Running, ImportStatus::Completed]);
}
