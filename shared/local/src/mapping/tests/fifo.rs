//! Groups of a FIFO queue: one at a time each, side by side, in order.

use super::Running;

#[tokio::test]
async fn a_fifo_group_is_in_one_batch_at_a_time_and_others_run_beside_it() {
    let mut running = Running::start("q.fifo", |mapping| mapping.batch_size = 2);

    running.send(&["a1", "a2", "a3", "b1"]);
    let first = running.next().await;
    let second = running.next().await;

    assert_eq!(first.bodies, ["a1", "a2"]);
    assert_eq!(second.bodies, ["b1"]);
    second.succeed();
    running.quiet().await;
    first.succeed();
    assert_eq!(running.next_bodies().await, ["a3"]);
}

#[tokio::test]
async fn a_fifo_group_keeps_its_order_after_a_partial_failure() {
    let mut running = Running::start("q.fifo", |mapping| mapping.batch_size = 3);

    running.send(&["a1", "a2", "a3", "a4"]);
    running.next().await.fail(&["a2", "a3"]);
    running.holds(3).await;

    // Nothing of the group goes on until those that failed are visible again.
    running.quiet().await;
    running.outlast_visibility();
    assert_eq!(running.next_bodies().await, ["a2", "a3", "a4"]);
    running.holds(0).await;
}

#[tokio::test]
async fn a_failure_in_one_fifo_group_leaves_the_others_alone() {
    let mut running = Running::start("q.fifo", |_| {});

    running.send(&["a1", "b1"]);
    running.next().await.fail(&["a1"]);
    running.holds(1).await;
    running.send(&["b2"]);

    assert_eq!(running.next_bodies().await, ["b2"]);
    running.holds(1).await;
    running.outlast_visibility();
    assert_eq!(running.next_bodies().await, ["a1"]);
}
