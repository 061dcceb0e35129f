//! The tree as text, one row a node.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::chain::{Chain, Letter, Node, NodeKind};
use crate::id::ReplayId;
use crate::port::{LetterStatus, RunStatus};
use crate::transaction::Transaction;
use crate::visible::visible;
use crate::worker::MAX_ATTEMPTS;

/// The width of the column of names, tree lines included.
const NAMES: usize = 34;
/// The width of a bar of waiting and running time.
const BAR: u128 = 8;

/// One row a node, as an operator reads it:
///
/// ```text
/// place-order                         command     done, 6 writes of 100, 41 ms
/// └ order.placed                      event       orders/1 version 1
///   ├ history                         in request  +1 write
///   └ charge-card                     queued      attempt 1/5  done  ░░░░████  waited 12 ms, ran 9 ms
///     └ order.paid                    event       orders/1 version 2
/// ```
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for root in &self.roots {
            row(f, root, "", "")?;
        }
        if self.truncated {
            writeln!(f, "… and more: the chain is longer than what is shown")?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, node: &Node, branch: &str, indent: &str) -> fmt::Result {
    writeln!(f, "{}", text(node, branch))?;
    for (index, child) in node.children.iter().enumerate() {
        let last = index + 1 == node.children.len();
        let branch = format!("{indent}{}", if last { "└ " } else { "├ " });
        let indent = format!("{indent}{}", if last { "  " } else { "│ " });
        row(f, child, &branch, &indent)?;
    }
    Ok(())
}

fn text(node: &Node, branch: &str) -> String {
    let name = format!("{branch}{}", node.name);
    let text = format!("{name:<NAMES$}  {}", describe(&node.kind));
    // A reason may quote anybody, and has to stay in its row.
    visible(text.trim_end()).into_owned()
}

/// What a row without its children takes in an answer, as JSON and drawn, with that JSON put into JSON once more.
pub(super) fn bytes(node: &Node, depth: usize) -> usize {
    let json = |text: &str| Value::from(text).to_string();
    let node_json = serde_json::to_string(node).unwrap_or_default();
    let drawn = json(&text(node, &"│ ".repeat(depth)));
    json(&node_json).len() + json(&drawn).len()
}

fn describe(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Command { ran, actions } => {
            let most = Transaction::MAX_ACTIONS;
            format!("command     done, {actions} writes of {most}, {}", time(*ran))
        }
        NodeKind::Refused { reason } => format!("command     refused: {reason}"),
        NodeKind::Event { stream, version, .. } => {
            format!("event       {stream} version {version}")
        }
        NodeKind::InRequest { skipped: Some(reason), .. } => {
            format!("in request  skipped: {reason}")
        }
        NodeKind::InRequest { writes: 1, .. } => "in request  +1 write".to_owned(),
        NodeKind::InRequest { writes, .. } => format!("in request  +{writes} writes"),
        NodeKind::Waiting { letter } => format!("queued      waiting{}", redriven(letter.as_ref())),
        NodeKind::Unread { letter } => {
            format!("queued      beyond what was read{}", redriven(letter.as_ref()))
        }
        NodeKind::Queued { attempt: 0, status: RunStatus::Waiting, letter, replay_id, .. } => {
            format!("queued      waiting{}{}", redriven(letter.as_ref()), again(*replay_id))
        }
        NodeKind::Queued { status, attempt, waited, ran, reason, letter, replay_id } => {
            let status = match (status, reason) {
                (RunStatus::Running, _) => "running".to_owned(),
                (RunStatus::Done, None) => "done".to_owned(),
                (RunStatus::Done, Some(reason)) => format!("skipped: {reason}"),
                (RunStatus::Waiting, reason) => because("will be tried again", reason.as_deref()),
                (RunStatus::Parked, reason) => because("parked", reason.as_deref()),
            };
            let waited_for = time(*waited);
            let times = match ran {
                Some(ran) => {
                    format!("{}  waited {waited_for}, ran {}", bar(*waited, *ran), time(*ran))
                }
                // How long it runs is not known before it ends.
                None => format!("waited {waited_for}"),
            };
            let redriven = redriven(letter.as_ref());
            let again = again(*replay_id);
            format!(
                "queued      attempt {attempt}/{MAX_ATTEMPTS}  {status}{redriven}{again}  {times}"
            )
        }
    }
}

/// What was decided about the dead letter of a run, if there was one.
fn redriven(letter: Option<&Letter>) -> String {
    let Some(letter) = letter else { return String::new() };
    let decided = if letter.status == LetterStatus::Discarded { ", discarded" } else { "" };
    match letter.redrives {
        0 => decided.to_owned(),
        redrives => format!(", redriven {redrives}×{decided}"),
    }
}

/// The replay whose own run it is, if it is one's.
fn again(replay_id: Option<ReplayId>) -> String {
    replay_id.map(|id| format!(", again by replay {id}")).unwrap_or_default()
}

fn because(status: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{status}: {reason}"),
        None => status.to_owned(),
    }
}

/// Waiting and running time in proportion; neither vanishes.
fn bar(waited: Duration, ran: Duration) -> String {
    let (waited, ran) = (waited.as_micros() + 1, ran.as_micros() + 1);
    let both = waited + ran;
    let light = ((waited * BAR + both / 2) / both).clamp(1, BAR - 1);
    let cells = |cell: &str, count: u128| cell.repeat(usize::try_from(count).unwrap_or(0));
    format!("{}{}", cells("░", light), cells("█", BAR - light))
}

fn time(duration: Duration) -> String {
    match duration.as_millis() {
        0 => format!("{} µs", duration.as_micros()),
        millis @ 1..10_000 => format!("{millis} ms"),
        millis => format!("{} s", millis / 1000),
    }
}
