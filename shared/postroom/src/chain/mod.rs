//! The chain: from one correlation id the tree of everything that happened, and of what is still to happen.

mod tree;
mod node;
mod render;

use serde::Serialize;

use crate::id::{CorrelationId, MessageId, TenantId};
use crate::port::{Inbox, InboxRecord, Journal, JournalRecord, LetterFile, LetterHead, StoreError};

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
    /// Whether it is longer than what was read.
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
    /// Reads a chain of a tenant. It may lag behind the last commits, and grow while it is read.
    ///
    /// # Errors
    /// The store's, retryable as it says.
    pub async fn read(
        sources: Sources<'_>,
        tenant: &TenantId,
        id: &CorrelationId,
    ) -> Result<Self, StoreError> {
        let Sources { journal, inbox, letters } = sources;
        let (mut events, mut runs, mut parked) = (Vec::new(), Vec::new(), Vec::new());
        let mut truncated = false;
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = journal.chain(tenant, id, after.as_deref()).await?;
            events.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        truncated |= after.take().is_some();
        for _ in 0..MAX_PAGES {
            let page = inbox.chain(tenant, id, after.as_deref()).await?;
            runs.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        truncated |= after.take().is_some();
        for _ in 0..MAX_PAGES {
            let page = letters.chain(tenant, id, after.as_deref()).await?;
            parked.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        truncated |= after.is_some();
        Ok(Self { truncated, ..Self::of(&events, &runs, &parked) })
    }

    /// The tree of these events, runs and dead letters.
    pub fn of(events: &[JournalRecord], runs: &[InboxRecord], letters: &[LetterHead]) -> Self {
        let roots = Tree::of(events, runs, letters).roots(events, runs);
        Self { roots, truncated: false }
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
