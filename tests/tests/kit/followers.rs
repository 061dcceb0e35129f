//! A task that several handlers follow: how many of them one transaction holds.

use postroom::doc_example::ShopError;
use postroom::{Effects, Envelope, Job, OnUnknown, Outcome, Scheduled, Tx};

use crate::schedules::{CountDue, Counting, FIRST, table};

const NAMES: [&str; 3] = ["price-order", "sort-order", "weigh-order"];

/// The job of one of the names.
struct Follower<const NAME: usize>;

impl<const NAME: usize> Job<CountDue> for Follower<NAME> {
    const NAME: &'static str = NAMES[NAME];
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(&self, _: &Envelope<CountDue>, _: &Effects) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<CountDue>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_schedules_tasks_for_four_handlers_fit_their_transactions() {
    let mut table = table();
    table.row::<CountDue>().queued::<Follower<0>, _>();
    table.row::<CountDue>().queued::<Follower<1>, _>();
    table.row::<CountDue>().queued::<Follower<2>, _>();
    let counting = Counting::with(table);
    counting.place("demo", 0..60).await;
    let before = counting.shop.commits().len();

    let done = counting.run(FIRST).await.unwrap();

    assert_eq!(done, Scheduled { tasks: 60 });
    let commits = counting.shop.commits().split_off(before);
    // 24 tasks for four handlers are 96 messages; one more task and the record would be 101 actions.
    assert_eq!(commits.iter().map(|tx| tx.outbox().len()).collect::<Vec<_>>(), [96, 96, 48]);
}
