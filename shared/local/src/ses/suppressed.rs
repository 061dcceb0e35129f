//! Addresses to which nothing is delivered any more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::Address;

/// The account's list, by addresses in lower case.
#[derive(Debug, Default)]
pub(super) struct Suppressed {
    by_address: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) address: Address,
    pub(super) reason: Reason,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Reason {
    Bounce,
    Complaint,
}

impl Suppressed {
    pub(super) fn has(&self, address: &Address) -> bool {
        self.by_address.contains_key(&key(address))
    }

    pub(super) fn get(&self, address: &Address) -> Option<&Entry> {
        self.by_address.get(&key(address))
    }

    pub(super) fn put(&mut self, address: Address, reason: Reason, at: Timestamp) {
        self.by_address.insert(key(&address), Entry { address, reason, at });
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, address: &Address) -> bool {
        self.by_address.remove(&key(address)).is_some()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.by_address.values()
    }
}

fn key(address: &Address) -> String {
    address.as_str().to_lowercase()
}
