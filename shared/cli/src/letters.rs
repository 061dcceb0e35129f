//! `postroom dead-letters …`.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use postroom::{Bulk, BulkReport, Clock as _, Edit, LetterFilter, Redrive, Redriven, SystemClock};
use serde::Serialize;

use crate::Failure;
use crate::arguments::{Arguments, UsageError};
use crate::output::{Output, letters, two_lines};
use crate::stack::Stack;

/// The most letters that one command lists or redrives.
const MOST: u32 = 10_000;
/// The most letters of one page of a list, and of one call of a bulk.
const PAGE: usize = 100;

/// What `list` prints.
#[derive(Serialize)]
struct Listed<T> {
    items: Vec<T>,
    /// Where to go on: `--cursor`.
    next: Option<String>,
}

pub(crate) async fn list(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let (filter, mut left) = (filter(arguments)?, limit(arguments)?);
    let mut listed =
        Listed { items: Vec::new(), next: arguments.text("--cursor").map(str::to_owned) };
    while left > 0 {
        let page = stack.office.list(&filter, left.min(PAGE), listed.next.take()).await?;
        left -= page.items.len();
        listed.items.extend(page.items);
        listed.next = page.next;
        if listed.next.is_none() {
            break;
        }
    }
    let mut rows: Vec<_> = listed.items.iter().map(two_lines).collect();
    rows.push(letters(listed.items.len()));
    rows.extend(listed.next.iter().map(|next| format!("go on with --cursor '{next}'")));
    Ok(Output::of(&listed, rows)?)
}

pub(crate) async fn groups(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let found = stack.office.groups(&filter(arguments)?).await?;
    let mut rows = Vec::new();
    for group in &found.groups {
        let (first, last) = (group.first_failed_at, group.last_failed_at);
        rows.push(format!("{:>6}  {}  {}", group.letters, group.queue, group.reason));
        rows.push(format!("        --fingerprint {}, {first} to {last}", group.fingerprint));
    }
    let all = letters(found.groups.iter().map(|group| group.letters).sum());
    let more = if found.truncated { ", and more that were not counted" } else { "" };
    rows.push(format!("{all} in {} groups{more}", found.groups.len()));
    Ok(Output::of(&found, rows)?)
}

pub(crate) async fn show(stack: &Stack, id: &str) -> Result<Output, Failure> {
    let found = stack.office.find(id).await?;
    let letter = found.ok_or_else(|| Failure::Refused(format!("there is no dead letter {id}")))?;
    let (head, actions) = (letter.head(), stack.office.actions(id).await?);
    let (status, class, code, since) =
        (head.status, head.class, &head.code_version, head.first_failed_at);
    let mut rows = vec![two_lines(&head)];
    rows.push(format!("    {status:?}, {class:?}, code {code}, first failed {since}"));
    for action in &actions {
        let who = action.actor_id.as_ref().map_or("somebody", |actor| actor.as_str());
        let why = action.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        rows.push(format!("    {} {} by {who}{why}", action.at, action.action));
    }
    rows.push(letter.body.clone());
    let mut json = serde_json::to_value(&head)?;
    json["causes"] = serde_json::to_value(&letter.causes)?;
    json["body"] = letter.body.into();
    json["actions"] = serde_json::to_value(&actions)?;
    Ok(Output { json, rows })
}

pub(crate) async fn redrive(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let how = Redrive { again: arguments.has("--again"), delay: Duration::ZERO };
    let redriven = stack.office.redrive(id, how, &stack.origin()?).await?.output;
    sent(&redriven)
}

pub(crate) async fn edit(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let file = arguments.needed("--body")?;
    let body = match file {
        "-" => {
            let mut body = String::new();
            std::io::stdin().read_to_string(&mut body).context("cannot read standard input")?;
            body
        }
        file => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
    };
    let edit = Edit { body: &body, again: arguments.has("--again") };
    let edited = stack.office.edit(id, edit, &stack.origin()?).await?.output;
    sent(&edited)
}

pub(crate) async fn discard(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let reason = arguments.needed("--reason")?;
    let discarded = stack.office.discard(id, reason, &stack.origin()?).await?.output;
    let row = format!("{id} is discarded: {reason}");
    Ok(Output::of(&discarded, vec![row])?)
}

/// Redrives call by call, no faster than was asked for: within a call by the messages' due times, between calls by waiting.
pub(crate) async fn redrive_all(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let mut left = limit(arguments)?;
    let pace = Duration::from_mins(1) / arguments.number("--per-minute", 1..=60_000, 600)?;
    let mut bulk = Bulk {
        filter: filter(arguments)?,
        limit: PAGE,
        cursor: arguments.text("--cursor").map(str::to_owned),
        pace,
        dry_run: arguments.has("--dry-run"),
        again: arguments.has("--again"),
    };
    let mut all = BulkReport::default();
    while left > 0 {
        bulk.limit = left.min(PAGE);
        let done = stack.office.redrive_all(&bulk, &stack.origin()?).await?;
        let (redriven, refused) = (done.redriven.len(), done.refused.len());
        left -= (redriven + refused).min(left);
        all.redriven.extend(done.redriven);
        all.refused.extend(done.refused);
        (all.next, bulk.cursor) = (done.next.clone(), done.next);
        if bulk.cursor.is_none() {
            break;
        }
        if !bulk.dry_run && left > 0 {
            let waited = pace.saturating_mul(u32::try_from(redriven).unwrap_or(u32::MAX));
            SystemClock.sleep(waited).await;
        }
    }
    let mut rows = all.redriven.clone();
    let left = all.refused.iter();
    rows.extend(left.map(|refused| format!("{} is left: {}", refused.id, refused.reason)));
    let what = if bulk.dry_run { "would be redriven" } else { "redriven" };
    rows.push(format!("{} {what}, {} left", letters(all.redriven.len()), all.refused.len()));
    Ok(Output::of(&all, rows)?)
}

fn sent(redriven: &Redriven) -> Result<Output, Failure> {
    let Redriven { id, message_id, queue, redrives } = redriven;
    let row = format!("{id}: {message_id} goes to {queue} within a minute, redrive {redrives}");
    Ok(Output::of(redriven, vec![row])?)
}

fn limit(arguments: &Arguments) -> Result<usize, UsageError> {
    let limit = arguments.number("--limit", 1..=MOST, 100)?;
    Ok(usize::try_from(limit).unwrap_or(PAGE))
}

fn filter(arguments: &Arguments) -> Result<LetterFilter, UsageError> {
    let text = |option| arguments.text(option).map(str::to_owned);
    Ok(LetterFilter {
        queue: text("--queue"),
        handler: text("--handler"),
        r#type: text("--type"),
        fingerprint: arguments.parsed("--fingerprint")?,
        from: arguments.parsed("--from")?,
        before: arguments.parsed("--before")?,
    })
}
