//! What arrived, for whoever looks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::address::Address;
use super::mail::Draft;

/// Of more mail than this the oldest is forgotten.
const MOST_MAILS: usize = 10_000;

/// All mail that was sent; clones are of one mailbox.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    mails: Arc<Mutex<VecDeque<Mail>>>,
}

/// A mail to one recipient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Mail {
    /// As its sender was told; of each recipient the same.
    id: String,
    at: Timestamp,
    fate: Fate,
    from: String,
    to: Address,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<Address>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    headers: BTreeMap<String, String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    Delivered,
    Bounced,
    ComplainedAbout,
    Suppressed,
}

impl Mailbox {
    /// What was sent to an address, or to all, oldest first.
    pub(crate) fn list(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = self.lock();
        let wanted = |mail: &&Mail| to.is_none_or(|to| mail.to.as_str() == to);
        mails.iter().filter(wanted).cloned().collect()
    }

    /// Forgets all of it.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn put(&self, mail: Mail) {
        let mut mails = self.lock();
        if mails.len() == MOST_MAILS {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        // A list has no state that a panic could leave half changed.
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    pub(super) fn of(draft: &Draft, to: &Address, id: &str, at: Timestamp, fate: Fate) -> Self {
        Self {
            id: id.to_owned(),
            at,
            fate,
            from: draft.from.clone(),
            to: to.clone(),
            reply_to: draft.reply_to.clone(),
            subject: draft.subject.clone(),
            text: draft.text.clone(),
            html: draft.html.clone(),
            headers: draft.headers.clone(),
        }
    }
}
