//! `postroom queues`: what waits where.

use postroom::{Clock as _, Overview, QueueOverview, SystemClock};

use crate::failure::Failure;
use crate::output::Output;
use crate::stack::Stack;

pub(crate) async fn queues(stack: &Stack) -> Result<Output, Failure> {
    let depths = stack.aws.stack_depths(&format!("{}-", stack.name));
    let now = SystemClock.now();
    let overview = Overview::read(&depths, &stack.office, &stack.outbox, now).await?;
    let head = format!(
        "{:<32} {:>8} {:>9} {:>6} {:>6} {:>7} {:>12}",
        "queue", "waiting", "in flight", "dead", "parked", "outbox", "oldest there"
    );
    let mut shown = vec![head];
    shown.extend(overview.queues.iter().map(row));
    if overview.truncated {
        shown.push("… and more: thousands of letters, or of messages in the outbox".to_owned());
    }
    Ok(Output::of(&overview, shown)?)
}

fn row(row: &QueueOverview) -> String {
    let QueueOverview { queue, waiting, in_flight, dead, parked, outbox, outbox_oldest_s } = row;
    let queue = format!("{queue:<32} {waiting:>8} {in_flight:>9} {dead:>6} {parked:>6}");
    format!("{queue} {outbox:>7} {outbox_oldest_s:>10} s")
}
