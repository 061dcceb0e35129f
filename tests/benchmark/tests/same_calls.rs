//! That what is compared is comparable.

use std::collections::BTreeMap;

use benchmark::{Programs, batch};

#[test]
fn a_job_costs_its_reads_and_two_calls_and_the_worker_by_hand_makes_the_same() {
    let programs = Programs::build().unwrap();

    let calls = batch::calls(&programs, 25).unwrap();

    // Reads: the campaign, and the statistics before. Then the claim, and one transaction.
    let expected =
        [("GetItem", 50), ("TransactWriteItems", 25), ("UpdateItem", 25), ("insights", 25)];
    let mut expected =
        BTreeMap::from(expected.map(|(operation, count)| (operation.to_owned(), count)));
    assert_eq!(calls["hand-written-worker"], expected);
    // The provider's breaker, which a process reads once in ten seconds.
    *expected.get_mut("GetItem").unwrap() += 1;
    assert_eq!(calls["sync-statistics"], expected);
}
