//! What callers know of what they ordered.

use tests::Reply;

/// What its caller knows of one campaign.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) tenant: String,
    pub(crate) id: String,
    /// The steps that were acknowledged.
    pub(crate) steps: Vec<&'static str>,
    /// The step that was given up: it was taken, or it was not.
    pub(crate) unknown: Option<&'static str>,
    pub(crate) doomed: bool,
}

/// A movement of money that somebody ordered. Its description is its own, so that its events can be told from others.
#[derive(Debug)]
pub(crate) struct Movement {
    pub(crate) description: String,
    /// Which accounts it moves, and by how much: one, or the two ends of a transfer.
    pub(crate) legs: Vec<(String, i64)>,
    pub(crate) fate: Fate,
}

/// What became of an order, as far as its caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// It was refused, and so never happened.
    Refused,
    /// It was given up: it happened once, or never.
    Unknown,
}

/// What all callers know.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) campaigns: Vec<Known>,
    /// Campaigns whose creation was given up.
    pub(crate) perhaps_created: usize,
    /// Every account: its tenant, and its id.
    pub(crate) accounts: Vec<(String, String)>,
    /// Accounts whose opening was given up.
    pub(crate) perhaps_opened: usize,
    pub(crate) movements: Vec<Movement>,
    pub(crate) acknowledged: usize,
    pub(crate) refused: usize,
    pub(crate) given_up: usize,
    /// Sendings after the first one of a command.
    pub(crate) repeats: usize,
    /// Acknowledgements that say that the command was done before.
    pub(crate) replayed: usize,
    /// Answers that no law allows.
    pub(crate) violations: Vec<String>,
}

impl Book {
    /// What one sending of a command came to.
    pub(crate) fn note(&mut self, sending: u32, path: &str, reply: &Reply) {
        self.repeats += usize::from(sending > 1);
        if reply.status < 300 {
            self.replayed += usize::from(reply.header("idempotent-replayed") == "true");
        } else if !may_pass(reply) && !is_refusal(reply) {
            let answer = format!("{path} is answered {}: {}", reply.status, reply.body);
            self.violations.push(answer);
        }
    }

    /// The accounts of a tenant.
    pub(crate) fn accounts_of(&self, tenant: &str) -> Vec<String> {
        let own = self.accounts.iter().filter(|(owner, _)| owner == tenant);
        own.map(|(_, id)| id.clone()).collect()
    }
}

/// Whether an answer leaves it open what becomes of the command: it failed, or lost a race too often.
pub(crate) fn may_pass(reply: &Reply) -> bool {
    reply.status >= 500 || reply.body["type"] == "/problems/lost-race"
}

/// Whether an answer is a decision against the command. Only those who move money meet one.
pub(crate) fn is_refusal(reply: &Reply) -> bool {
    reply.body["type"] == "/problems/insufficient-funds"
}
