//! Which part of a list is asked for.

use postroom::{List, Stored};

/// A page of a list: how many items, and behind what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items, 1-100.
    pub limit: usize,
    /// What the page before named as its `next`; `None`: from the start.
    pub after: Option<String>,
}

impl PageRequest {
    /// That part of `list`.
    pub(crate) fn of<T: Stored>(self, list: List<T>) -> List<T> {
        list.limit(self.limit).after(self.after)
    }
}
