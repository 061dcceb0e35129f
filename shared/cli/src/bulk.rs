//! `postroom dead-letters redrive --all`: many letters, and always told what became of them.

use std::time::Duration;

use postroom::{Bulk, BulkReport, Clock as _, SystemClock};
use tokio::signal::ctrl_c;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::letters::{MOST, filter, limit};
use crate::output::{Output, letters};
use crate::stack::Stack;

/// Letters of one call: what has to be waited for when somebody interrupts.
const CALL: usize = 20;

/// Redrives call by call, no faster than was asked for: within a call by the messages' due times, between calls by waiting.
///
/// It goes on to the last letter, to `--limit`, or until it is interrupted or fails, and then says what is still open. It
/// ends: it goes from the last failed to the first, and so meets none twice.
pub(crate) async fn redrive_all(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let mut left = limit(arguments, MOST)?;
    let pace = Duration::from_mins(1) / arguments.number("--per-minute", 1..=60_000, 600)?;
    let mut bulk = Bulk {
        filter: filter(arguments)?,
        limit: CALL,
        cursor: arguments.text("--cursor").map(str::to_owned),
        pace,
        again: arguments.has("--again"),
    };
    let (office, is_dry) = (stack.office(arguments), arguments.has("--dry-run"));
    let mut all = BulkReport::default();
    let mut failure = None;
    while left > 0 && failure.is_none() {
        bulk.limit = left.min(CALL);
        let origin = stack.origin()?;
        let (done, stop) = unless_interrupted(office.redrive_all(&bulk, &origin)).await;
        failure = stop;
        let done = match done {
            Some(Ok(done)) => done,
            Some(Err(error)) => {
                failure = Some(error.into());
                break;
            }
            None => break,
        };
        let (redriven, refused) = (done.redriven.len(), done.refused.len());
        left = left.saturating_sub(redriven + refused);
        all.redriven.extend(done.redriven);
        all.refused.extend(done.refused);
        (all.next, bulk.cursor) = (done.next.clone(), done.next);
        if bulk.cursor.is_none() {
            failure = None;
            break;
        }
        if !is_dry && left > 0 && failure.is_none() {
            crate::tell(&[format!("{} so far", counts(&all, is_dry))]);
            let waited = pace.saturating_mul(u32::try_from(redriven).unwrap_or(u32::MAX));
            tokio::select! {
                () = SystemClock.sleep(waited) => {}
                _ = ctrl_c() => failure = Some(Failure::interrupted()),
            }
        }
    }
    // A call that failed decided about nothing: whoever goes on begins where it began.
    all.next = bulk.cursor;
    told(&all, is_dry, failure)
}

/// What a call comes to. Interrupted once, it is still waited for, so that what it did can be told; twice, it is dropped.
async fn unless_interrupted<T>(call: impl Future<Output = T>) -> (Option<T>, Option<Failure>) {
    tokio::pin!(call);
    tokio::select! {
        done = &mut call => return (Some(done), None),
        _ = ctrl_c() => {}
    }
    crate::tell(&[format!(
        "ending with these {CALL}; once more ends at once, and {CALL} are not told of"
    )]);
    tokio::select! {
        done = &mut call => (Some(done), Some(Failure::interrupted())),
        _ = ctrl_c() => (None, Some(Failure::interrupted())),
    }
}

fn told(all: &BulkReport, is_dry: bool, failure: Option<Failure>) -> Result<Output, Failure> {
    let (redriven, refused) =
        if is_dry { ("would be redriven", "would be refused") } else { ("redriven", "refused") };
    let mut rows: Vec<_> = all.redriven.iter().map(|id| format!("{id} {redriven}")).collect();
    let reasons = all.refused.iter();
    rows.extend(reasons.map(|left| format!("{} {refused}: {}", left.id, left.reason)));
    rows.push(counts(all, is_dry));
    rows.extend(all.next.iter().map(|next| format!("more are open: --cursor '{next}' goes on")));
    let mut output = Output::of(all, rows)?;
    output.json["dry_run"] = is_dry.into();
    let some_refused = (!all.refused.is_empty()).then(|| {
        Failure::refused(format!(
            "{} of {} {refused}",
            all.refused.len(),
            letters(all.redriven.len() + all.refused.len())
        ))
    });
    output.failure = failure.or(some_refused);
    Ok(output)
}

fn counts(all: &BulkReport, is_dry: bool) -> String {
    let would = if is_dry { "would be " } else { "" };
    format!("{} {would}redriven, {} {would}refused", letters(all.redriven.len()), all.refused.len())
}
