//! Rows of read models, for removing those of builds that nobody reads any more.

use crate::BoxFuture;
use crate::port::{Page, StoreError};
use crate::stored::Key;

/// Finds what was stored of old builds, and removes it.
///
/// Not a part of the [`Store`](crate::port::Store), which writes by transactions alone: what nobody reads needs none.
pub trait BuildRows: Send + Sync {
    /// Keys of state, of all tenants and kinds, a page at a time.
    ///
    /// Each that was there when the first page was read comes once, unless it is removed by then. A page whose position is
    /// kept can be asked for again at any later time. Pages may be empty before the last.
    fn keys<'a>(&'a self, after: Option<&'a str>) -> BoxFuture<'a, Result<Page<Key>, StoreError>>;

    /// Removes items, whatever they hold; one that is not there is removed. Where it fails, some are.
    fn remove<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(), StoreError>>;
}
