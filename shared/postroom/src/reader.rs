//! Reading outside a transaction: one tenant's items and lists, for queries and jobs.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::id::TenantId;
use crate::port::{Item, Listing, Page, Store, StoreError};
use crate::projection::Projection;
use crate::rebuild::Builds;
use crate::stored::{Generation, Partition, Place, Stored};
use crate::verdict::{Classify, Verdict};

/// One tenant's state, for reading. There is no way from here to another tenant's.
#[derive(Clone)]
pub struct Reader {
    store: Arc<dyn Store>,
    tenant: TenantId,
}

/// What one projection has made of one tenant's events, for one query: all that is read of it is of one build.
#[derive(Debug, Clone)]
pub struct ReadModel {
    reader: Reader,
    generation: Generation,
}

/// A thing as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// Grows by one with every write.
    pub version: u64,
    /// The version of the last event on its stream; 0 before the first.
    ///
    /// A queued handler whose event has a lower one knows that a later event of the same thing is on its way.
    pub stream_version: u64,
    /// The thing.
    pub value: T,
}

/// Which part of a collection to list.
#[derive(Debug, Clone)]
pub struct List<T> {
    parent: Option<String>,
    prefix: String,
    descending: bool,
    limit: usize,
    after: Option<String>,
    of: PhantomData<fn() -> T>,
}

impl<T: Stored> List<T> {
    /// The most items of one page.
    pub const MAX: usize = 100;

    /// Everything directly in the collection, in the order of ids.
    pub fn all() -> Self {
        Self {
            parent: None,
            prefix: String::new(),
            descending: false,
            limit: Self::MAX,
            after: None,
            of: PhantomData,
        }
    }

    /// Everything inside a parent, in the order of ids.
    pub fn within(parent: impl fmt::Display) -> Self {
        Self { parent: Some(parent.to_string()), ..Self::all() }
    }

    /// Only what has an id that begins so, byte for byte.
    ///
    /// An id that is made of parts needs an end of each part that no part can contain: with `#`, `ann#0` would find the id
    /// `ann#0192…` of Ann.
    #[must_use]
    pub fn beginning_with(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// From the last id to the first: newest first where ids grow with time.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// At most so many a page; at least 1, at most [`List::MAX`].
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.clamp(1, Self::MAX);
        self
    }

    /// Go on behind what an earlier page named as its `next`.
    #[must_use]
    pub fn after(mut self, next: Option<String>) -> Self {
        self.after = next;
        self
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store did not answer; it knows whether that passes.
    #[error("cannot read {what}")]
    Store {
        what: String,
        #[source]
        source: StoreError,
    },
    /// What is stored is not of the shape this code knows. Permanent.
    #[error("{what} is stored in a shape this code does not know")]
    Shape {
        what: String,
        #[source]
        source: serde_json::Error,
    },
}

impl Classify for ReadError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Store { source, .. } => source.verdict(),
            Self::Shape { .. } => Verdict::Permanent,
        }
    }
}

impl Reader {
    /// Reads `tenant`'s part of a store.
    pub fn new(store: Arc<dyn Store>, tenant: TenantId) -> Self {
        Self { store, tenant }
    }

    /// The thing at a place, as of now.
    ///
    /// # Errors
    /// [`ReadError::Store`], retryable or not as the store says; [`ReadError::Shape`], permanent.
    pub async fn get<T: Stored>(
        &self,
        place: &Place<T>,
    ) -> Result<Option<Versioned<T>>, ReadError> {
        let key = place.key(&self.tenant);
        let found = self
            .store
            .get(&key)
            .await
            .map_err(|source| ReadError::Store { what: key.to_string(), source })?;
        found.map(read).transpose()
    }

    /// What a projection has made, in the build of it that is read now.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn model<P: Projection>(&self) -> Result<ReadModel, ReadError> {
        let builds = Builds::of(&*self.store, P::NAME).await?;
        Ok(ReadModel { reader: self.clone(), generation: builds.live })
    }

    /// One page of a list, as of now.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn list<T: Stored>(&self, list: List<T>) -> Result<Page<Versioned<T>>, ReadError> {
        self.list_of(None, list).await
    }

    async fn list_of<T: Stored>(
        &self,
        generation: Option<Generation>,
        list: List<T>,
    ) -> Result<Page<Versioned<T>>, ReadError> {
        let (tenant, parent) = (&self.tenant, list.parent.as_deref());
        let partition = Partition::of_generation(tenant, T::COLLECTION, generation, parent);
        let List { prefix, descending, limit, after, .. } = list;
        let listing = Listing { partition, prefix, descending, limit, after };
        let page = self.store.list(&listing).await.map_err(|source| ReadError::Store {
            what: listing.partition.as_str().to_owned(),
            source,
        })?;
        let items = page.items.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}

impl ReadModel {
    /// The item at a place, as of now.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub async fn get<T: Stored>(
        &self,
        place: &Place<T>,
    ) -> Result<Option<Versioned<T>>, ReadError> {
        self.reader.get(&place.clone().in_generation(self.generation)).await
    }

    /// One page of a list, as of now.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub async fn list<T: Stored>(&self, list: List<T>) -> Result<Page<Versioned<T>>, ReadError> {
        self.reader.list_of(Some(self.generation), list).await
    }
}

fn read<T: Stored>(item: Item) -> Result<Versioned<T>, ReadError> {
    let value = serde_json::from_value(item.data)
        .map_err(|source| ReadError::Shape { what: item.key.to_string(), source })?;
    Ok(Versioned { version: item.version, stream_version: item.head, value })
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
