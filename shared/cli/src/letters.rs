//! `postroom dead-letters …`.

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use postroom::{Edit, LetterFilter, RawEnvelope, Redrive, Redriven};
use serde::Serialize;

use crate::arguments::{Arguments, UsageError};
use crate::failure::Failure;
use crate::output::{Output, letters, two_rows};
use crate::stack::Stack;

/// The most letters that one command lists or redrives.
pub(crate) const MOST: u32 = 10_000;
/// Letters, or replays, of a list where nobody names a number.
pub(crate) const LISTED: u32 = 100;
/// The most letters of one page of a list.
const PAGE: usize = 100;

/// What a `list` prints.
#[derive(Serialize)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// Where to go on: `--cursor`.
    pub(crate) next: Option<String>,
}

pub(crate) async fn list(stack: &Stack, arguments: &Arguments) -> Result<Output, Failure> {
    let (filter, mut left) = (filter(arguments)?, limit(arguments, LISTED)?);
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
    let mut rows: Vec<_> = listed.items.iter().flat_map(two_rows).collect();
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
    let letter = found.ok_or_else(|| Failure::refused(format!("there is no dead letter {id}")))?;
    let (head, actions) = (letter.head(), stack.office.actions(id).await?);
    let (status, class, code, since) =
        (head.status, head.class, &head.code_version, head.first_failed_at);
    let mut rows = two_rows(&head).to_vec();
    rows.push(format!("    {status:?}, {class:?}, code {code}, first failed {since}"));
    if let (Some(chain), Some(tenant)) = (&head.correlation_id, &head.tenant_id) {
        rows.push(format!("    all that belongs to it: postroom chain {chain} --tenant {tenant}"));
    }
    for action in &actions {
        let who = action.actor_id.as_ref().map_or("somebody", |actor| actor.as_str());
        let why = action.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        rows.push(format!("    {} {} by {who}{why}", action.at, action.action));
    }
    if let Ok(message) = RawEnvelope::parse(&letter.body)
        && let Some((reference, bytes)) = message.payload_elsewhere()
    {
        rows.push(format!("    its data did not travel along: {bytes} bytes at {reference}"));
    }
    rows.extend(letter.body.lines().map(str::to_owned));
    let mut json = serde_json::to_value(&head)?;
    json["causes"] = serde_json::to_value(&letter.causes)?;
    json["body"] = letter.body.into();
    json["actions"] = serde_json::to_value(&actions)?;
    Ok(Output { json, rows, failure: None })
}

pub(crate) async fn redrive(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let how = Redrive { again: arguments.has("--again"), delay: Duration::ZERO };
    let redriven = stack.office(arguments).redrive(id, how, &stack.origin()?).await?.output;
    sent(&redriven, arguments)
}

pub(crate) async fn edit(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let file = arguments.needed("--body");
    let body = match file {
        "-" => {
            let mut body = String::new();
            std::io::stdin().read_to_string(&mut body).context("cannot read standard input")?;
            body
        }
        file => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
    };
    let edit = Edit { body: &body, again: arguments.has("--again") };
    let edited = stack.office(arguments).edit(id, edit, &stack.origin()?).await?.output;
    sent(&edited, arguments)
}

pub(crate) async fn discard(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let reason = arguments.needed("--reason");
    let office = stack.office(arguments);
    let discarded = office.discard(id, reason, &stack.origin()?).await?.output;
    let is = if arguments.has("--dry-run") { "would be" } else { "is" };
    decided(&discarded, format!("{id} {is} discarded: {reason}"), arguments)
}

fn sent(redriven: &Redriven, arguments: &Arguments) -> Result<Output, Failure> {
    let Redriven { id, message_id, queue, redrives } = redriven;
    let goes = if arguments.has("--dry-run") { "would go" } else { "goes" };
    let row = format!("{id}: {message_id} {goes} to {queue} within a minute, redrive {redrives}");
    decided(redriven, row, arguments)
}

/// What was decided, or would be.
fn decided(what: &impl Serialize, row: String, arguments: &Arguments) -> Result<Output, Failure> {
    let mut output = Output::of(what, vec![row])?;
    output.json["dry_run"] = arguments.has("--dry-run").into();
    Ok(output)
}

pub(crate) fn limit(arguments: &Arguments, default: u32) -> Result<usize, UsageError> {
    let limit = arguments.number("--limit", 1..=MOST, default)?;
    Ok(usize::try_from(limit).unwrap_or(PAGE))
}

pub(crate) fn filter(arguments: &Arguments) -> Result<LetterFilter, UsageError> {
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
