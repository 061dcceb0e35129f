//! `postroom replay …` and `postroom replays …`.

use jiff::Timestamp;
use postroom::{
    ReplayCounts, ReplayError, ReplayOrder, ReplayRehearsal, ReplayState, ReplayStatus, Replays,
    Selection,
};

use crate::arguments::{Arguments, UsageError};
use crate::failure::Failure;
use crate::letters::{LISTED, Listed, limit};
use crate::output::Output;
use crate::stack::Stack;

/// The most replays of one page of a list.
const PAGE: usize = 100;

/// Begins one, or says what it would send.
pub(crate) async fn replay(
    stack: &Stack,
    arguments: &Arguments,
    handler: &str,
) -> Result<Output, Failure> {
    let order = order(arguments, handler)?;
    let is_dry = arguments.has("--dry-run");
    let mut output = if is_dry {
        let replays = &stack.replays;
        let read = async |order: &ReplayOrder, after| replays.rehearse(order, after).await;
        rehearsed(&summed(order, read).await?)?
    } else {
        let begun = stack.replays.request(&order, &stack.origin()?).await?.output;
        let mut rows = rows(&begun);
        rows.push(format!(
            "`replays show {}` tells how far it has come; it goes on within a minute",
            begun.id
        ));
        Output::of(&begun, rows)?
    };
    output.json["dry_run"] = is_dry.into();
    Ok(output)
}

pub(crate) async fn list(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let mut left = limit(arguments, LISTED)?;
    let mut listed =
        Listed { items: Vec::new(), next: arguments.text("--cursor").map(str::to_owned) };
    while left > 0 {
        let page = stack.replays.list(left.min(PAGE), listed.next.take()).await?;
        left = left.saturating_sub(page.items.len());
        listed.items.extend(page.items);
        listed.next = page.next;
        if listed.next.is_none() {
            break;
        }
    }
    let mut rows: Vec<_> = listed.items.iter().flat_map(rows).collect();
    rows.push(format!(
        "{} replay{}",
        listed.items.len(),
        if listed.items.len() == 1 { "" } else { "s" }
    ));
    rows.extend(listed.next.iter().map(|next| format!("go on with --cursor '{next}'")));
    Ok(Output::of(&listed, rows)?)
}

pub(crate) async fn show(stack: &Stack, id: &str) -> Result<Output, Failure> {
    let found = stack.replays.find(id).await?;
    let status = found.ok_or_else(|| ReplayError::NotFound { id: id.to_owned() })?;
    Ok(Output::of(&status, rows(&status))?)
}

pub(crate) async fn cancel(stack: &Stack, id: &str) -> Result<Output, Failure> {
    let cancelled = stack.replays.cancel(id, &stack.origin()?).await?.output;
    Ok(Output::of(&cancelled, rows(&cancelled))?)
}

fn order(arguments: &Arguments, handler: &str) -> Result<ReplayOrder, UsageError> {
    let text = |option| arguments.text(option).map(str::to_owned);
    Ok(ReplayOrder {
        handler: handler.to_owned(),
        r#type: text("--type"),
        tenant_id: arguments.parsed("--tenant")?,
        stream: text("--stream"),
        from: arguments.parsed("--from")?,
        until: arguments.parsed("--before")?,
        again: arguments.has("--again"),
        per_minute: arguments.number(
            "--per-minute",
            1..=Replays::MOST_PER_MINUTE,
            Replays::PER_MINUTE,
        )?,
    })
}

/// A dry run to its end, call by call. All of it is about the moment of the first call: what happens meanwhile is not chased.
async fn summed(
    mut order: ReplayOrder,
    read: impl AsyncFn(&ReplayOrder, Option<String>) -> Result<ReplayRehearsal, ReplayError>,
) -> Result<ReplayRehearsal, ReplayError> {
    let mut all = read(&order, None).await?;
    order.until = Some(all.selection.until);
    while let Some(after) = all.next.take() {
        let ReplayRehearsal { counts, next, .. } = read(&order, Some(after)).await?;
        all.counts = sum(all.counts, counts);
        all.next = next;
    }
    Ok(all)
}

fn sum(one: ReplayCounts, other: ReplayCounts) -> ReplayCounts {
    let ReplayCounts { read, matched, sent, reacted_in_request, forgotten, not_replayable } = other;
    ReplayCounts {
        read: one.read + read,
        matched: one.matched + matched,
        sent: one.sent + sent,
        reacted_in_request: one.reacted_in_request + reacted_in_request,
        forgotten: one.forgotten + forgotten,
        not_replayable: one.not_replayable + not_replayable,
    }
}

fn rehearsed(all: &ReplayRehearsal) -> Result<Output, Failure> {
    let ReplayRehearsal { handler, selection, again, counts, next: _ } = all;
    let rows = vec![
        format!("{handler}  is sent nothing: a dry run{}", once_more(*again)),
        format!("    {}", meant(selection)),
        format!("    {}", told(counts, "would be sent")),
    ];
    Ok(Output::of(all, rows)?)
}

/// A replay in three rows, or four: which it is, what is meant, how far it has come, and why not further.
fn rows(status: &ReplayStatus) -> Vec<String> {
    let ReplayStatus { id, handler, selection, again, per_minute, state, counts, .. } = status;
    let by = status.actor_id.as_ref().map_or("somebody", |actor| actor.as_str());
    let ended = status.ended_at.map_or_else(String::new, |at: Timestamp| format!(", until {at}"));
    let stands = match state {
        ReplayState::Running => "running",
        ReplayState::Completed => "completed",
        ReplayState::Cancelled => "cancelled",
        ReplayState::Failed => "failed",
    };
    let mut rows = vec![
        format!(
            "{id}  {stands}  to {handler}, {per_minute} a minute at most, since {} by {by}{ended}{}",
            status.requested_at,
            once_more(*again)
        ),
        format!("    {}", meant(selection)),
        format!("    {}", told(counts, "sent")),
    ];
    rows.extend(status.reason.iter().map(|reason| format!("    {reason}")));
    rows
}

fn once_more(again: bool) -> &'static str {
    if again { "; whatever was done before" } else { "" }
}

fn meant(selection: &Selection) -> String {
    let Selection { r#type, tenant_id, stream, from, until } = selection;
    let mut meant = format!("events of {}", r#type.as_deref().unwrap_or("any type it takes"));
    meant += &tenant_id.as_ref().map_or_else(String::new, |of| format!(", of tenant {of}"));
    meant += &stream.as_ref().map_or_else(String::new, |of| format!(", of {of}"));
    meant += &from.map_or_else(String::new, |from| format!(", from {from}"));
    meant + &format!(", before {until}")
}

fn told(counts: &ReplayCounts, sent_is: &str) -> String {
    let ReplayCounts { read, matched, sent, reacted_in_request, forgotten, not_replayable } =
        counts;
    format!(
        "read {read}, matched {matched}: {sent_is} {sent}, reacted in the request {reacted_in_request}, \
         forgotten {forgotten}, not replayable {not_replayable}"
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const NOW: &str = "2026-11-22T09:30:00Z";

    fn call(unit: u64, next: Option<&str>) -> ReplayRehearsal {
        let counts = ReplayCounts {
            read: 21 * unit,
            matched: 15 * unit,
            sent: unit,
            reacted_in_request: 2 * unit,
            forgotten: 4 * unit,
            not_replayable: 8 * unit,
        };
        let until = NOW.parse().unwrap();
        let selection =
            Selection { r#type: None, tenant_id: None, stream: None, from: None, until };
        let next = next.map(str::to_owned);
        ReplayRehearsal { handler: "sync".to_owned(), selection, again: false, counts, next }
    }

    #[tokio::test]
    async fn a_dry_run_counts_to_the_end_what_there_was_when_it_began() {
        let calls = [call(1, Some("a")), call(10, Some("b")), call(100, None)];
        let asked = RefCell::new(Vec::new());

        let all = summed(ReplayOrder::default(), async |order, after| {
            let mut asked = asked.borrow_mut();
            asked.push((order.until, after));
            Ok(calls[asked.len() - 1].clone())
        });
        let all = all.await.unwrap();

        assert_eq!(all, call(111, None));
        let pinned = Some(NOW.parse().unwrap());
        let went_on = [(None, None), (pinned, Some("a".into())), (pinned, Some("b".into()))];
        assert_eq!(asked.into_inner(), went_on);
    }

    #[test]
    fn each_count_is_told_by_its_name() {
        let output = rehearsed(&call(1, None)).unwrap();

        assert_eq!(
            output.rows[2],
            "    read 21, matched 15: would be sent 1, reacted in the request 2, forgotten 4, not replayable 8"
        );
    }
}
