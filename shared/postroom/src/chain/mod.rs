//! The chain: from one correlation id the tree of everything that happened, and of what is still to happen.

mod tree;
mod node;
mod render;

use serde::Serialize;
use serde_json::Value;

use crate::id::{CorrelationId, MessageId, TenantId};
use crate::port::{Inbox, Journal, LetterFile, Page, StoreError};

pub use node::{Letter, Node, NodeKind};

use tree::Tree;

/// How many pages of events, of runs and of dead letters are read at most: thousands of each.
const MAX_PAGES: usize = 50;

/// Everything with one correlation id, as a tree of causes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    /// The commands that started it, refused ones too, and the jobs that tasks ordered, by time; then whatever names no
    /// known cause.
    pub roots: Vec<Node>,
    /// Whether it is longer than what is here.
    pub truncated: bool,
}

/// Where chains are read.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have none")]
pub struct Sources<'a> {
    /// Events, and what reacted to them in the request.
    pub journal: &'a dyn Journal,
    /// Commands and queued runs.
    pub inbox: &'a dyn Inbox,
    /// What was decided about messages that failed for good.
    pub letters: &'a dyn LetterFile,
}

impl Chain {
    /// Reads a chain of a tenant, the oldest first where it is longer than can be read. It may lag behind the last commits,
    /// and grow while it is read.
    ///
    /// # Errors
    /// The store's, retryable as it says.
    pub async fn read(
        sources: Sources<'_>,
        tenant: &TenantId,
        id: &CorrelationId,
    ) -> Result<Self, StoreError> {
        let Sources { journal, inbox, letters } = sources;
        let events = |after: Option<String>| async move {
            journal.chain(tenant, id, after.as_deref()).await
        };
        let events = all(events, |event| event.envelope.data = Value::Null).await?;
        let runs =
            |after: Option<String>| async move { inbox.chain(tenant, id, after.as_deref()).await };
        let runs = all(runs, |run| run.output = None).await?;
        let letters = |after: Option<String>| async move {
            letters.chain(tenant, id, after.as_deref()).await
        };
        let letters = all(letters, |_| ()).await?;
        let truncated = events.truncated || runs.truncated || letters.truncated;
        let tree = Tree::of(&events.items, &runs.items, &letters.items);
        let tree = if runs.truncated { tree.with_runs_unread() } else { tree };
        let roots = tree.roots(&events.items, &runs.items);
        Ok(Self { roots, truncated })
    }

    /// Keeps as many rows from the first on as an answer of so many bytes may hold, with their drawing, and says so where
    /// that is not all. Counted is JSON that is put into JSON once more, as the body of an answer is.
    pub fn cut_to(&mut self, bytes: usize) {
        let mut left = bytes;
        self.truncated |= !cut(&mut self.roots, 0, &mut left);
    }

    /// The way from a root to a message: each row is the cause of the next. Empty: the chain has no such message.
    pub fn path_to(&self, message: MessageId) -> Vec<&Node> {
        let mut path = Vec::new();
        for root in &self.roots {
            if leads_to(root, message, &mut path) {
                break;
            }
        }
        path
    }
}

/// Bounded by the tree's depth, which is bounded where it is built.
fn leads_to<'a>(node: &'a Node, message: MessageId, path: &mut Vec<&'a Node>) -> bool {
    path.push(node);
    let found = node.kind.message_id() == Some(message)
        || node.children.iter().any(|child| leads_to(child, message, path));
    if !found {
        path.pop();
    }
    found
}

/// What was read of one kind.
struct Found<T> {
    items: Vec<T>,
    truncated: bool,
}

/// Reads page after page, within bounds, and keeps of each item what a tree needs: thousands of payloads would not fit.
async fn all<T, P: Future<Output = Result<Page<T>, StoreError>>>(
    page: impl Fn(Option<String>) -> P,
    strip: impl Fn(&mut T),
) -> Result<Found<T>, StoreError> {
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let mut read = page(after).await?;
        read.items.iter_mut().for_each(&strip);
        items.append(&mut read.items);
        after = read.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Found { items, truncated: after.is_some() })
}

/// Whether all of it fits. Bounded by the tree's depth, as [`leads_to`] is.
fn cut(nodes: &mut Vec<Node>, depth: usize, left: &mut usize) -> bool {
    for index in 0..nodes.len() {
        let node = &mut nodes[index];
        let mut children = std::mem::take(&mut node.children);
        let Some(rest) = left.checked_sub(render::bytes(node, depth)) else {
            nodes.truncate(index);
            return false;
        };
        *left = rest;
        let fit = cut(&mut children, depth + 1, left);
        node.children = children;
        if !fit {
            nodes.truncate(index + 1);
            return false;
        }
    }
    true
}
