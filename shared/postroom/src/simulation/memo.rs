//! Events that were read before: a business looks at all of its events after every commit, and few commits append any.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::id::TenantId;

/// What was made of the events of each tenant, by whose type it was asked for.
#[derive(Default)]
pub(super) struct Memo {
    made: BTreeMap<(TypeId, TenantId), Made>,
}

struct Made {
    /// How often events had been appended then.
    as_of: usize,
    value: Arc<dyn Any + Send + Sync>,
}

impl Memo {
    /// What is made for a tenant and a type: anew only where events were appended since.
    pub(super) fn of<For: 'static, T: Send + Sync + 'static>(
        &mut self,
        tenant: &TenantId,
        as_of: usize,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let key = (TypeId::of::<For>(), tenant.clone());
        let known = self.made.get(&key).filter(|known| known.as_of == as_of);
        let known = known.and_then(|known| Arc::clone(&known.value).downcast::<T>().ok());
        known.unwrap_or_else(|| {
            let value = Arc::new(make());
            self.made.insert(key, Made { as_of, value: Arc::clone(&value) as Arc<_> });
            value
        })
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").field("made", &self.made.len()).finish()
    }
}
