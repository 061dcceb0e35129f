//! Where things live: what is stored, at which place, in which stream.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::id::TenantId;

/// A thing with a place in the state table: an entity, or a view for reading.
///
/// How it is written decides which: [`Tx::save`](crate::Tx::save) guards it with its version,
/// [`Tx::put_view`](crate::Tx::put_view) lets the last writer win.
pub trait Stored: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The collection it is kept in, kebab-case plural: `orders`.
    const COLLECTION: &'static str;

    /// Where this one lives.
    fn place(&self) -> Place<Self>
    where
        Self: Sized;

    /// Whether a [`Schedule`](crate::Schedule) visits it; asked when it is saved. A view is never visited.
    ///
    /// A schedule learns whose it is and its id there, not its parent.
    fn is_live(&self) -> bool {
        false
    }
}

/// Where one `T` of a tenant lives: an id, inside a parent where the collection has one.
pub struct Place<T> {
    parent: Option<String>,
    id: String,
    generation: Option<Generation>,
    of: PhantomData<fn() -> T>,
}

/// Which build of a read model: rebuilding one makes the next beside it, under keys of its own.
///
/// In a key it follows the collection: `demo#account-views@1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The one that there is before anybody has asked for another.
    pub const FIRST: Self = Self(1);

    /// The one after it.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// What a projection's runs in this build are filed under: `account-view`, and from the second on `account-view@2`.
    /// Under one name, what one build has done would count as done in all of them.
    pub(crate) fn handler(self, projection: &str) -> Cow<'_, str> {
        match self {
            Self::FIRST => Cow::Borrowed(projection),
            Self(number) => Cow::Owned(format!("{projection}@{number}")),
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Stored> Place<T> {
    /// A place directly in the collection.
    pub fn new(id: impl fmt::Display) -> Self {
        Self { parent: None, id: id.to_string(), generation: None, of: PhantomData }
    }

    /// A place inside a parent; all of one parent are listed together, in the order of their ids.
    pub fn within(parent: impl fmt::Display, id: impl fmt::Display) -> Self {
        let parent = Some(parent.to_string());
        Self { parent, id: id.to_string(), generation: None, of: PhantomData }
    }

    /// The same place in a build of a read model.
    pub(crate) fn in_generation(self, generation: Generation) -> Self {
        Self { generation: Some(generation), ..self }
    }

    /// The stream of what happened to the thing at this place.
    pub fn stream(&self) -> StreamId {
        StreamId::of(T::COLLECTION, self.parent.as_deref(), &self.id)
    }

    /// The place with its tenant, its type erased.
    pub fn key(&self, tenant: &TenantId) -> Key {
        let parent = self.parent.as_deref();
        let partition = Partition::of_generation(tenant, T::COLLECTION, self.generation, parent);
        Key { partition, id: self.id.clone() }
    }
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        let (parent, id) = (self.parent.clone(), self.id.clone());
        Self { parent, id, generation: self.generation, of: PhantomData }
    }
}

impl<T: Stored> fmt::Debug for Place<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stream().as_str())
    }
}

/// The things of one tenant that are listed together.
///
/// As text `tenant#collection` or `tenant#collection#parent`, each part with `%` and `#` written `%25` and `%23`, so
/// that no two partitions spell the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(String);

impl Partition {
    pub(crate) fn new(tenant: &TenantId, collection: &str, parent: Option<&str>) -> Self {
        let mut text = join('#', &[tenant.as_str(), collection]);
        if let Some(parent) = parent {
            text.push('#');
            escape('#', parent, &mut text);
        }
        Self(text)
    }

    /// A partition of one build of a read model, or of what is none.
    pub(crate) fn of_generation(
        tenant: &TenantId,
        collection: &str,
        generation: Option<Generation>,
        parent: Option<&str>,
    ) -> Self {
        match generation {
            Some(Generation(number)) => {
                Self::new(tenant, &format!("{collection}@{number}"), parent)
            }
            None => Self::new(tenant, collection, parent),
        }
    }

    /// The collection, the build and the parent of a partition that is part of a build.
    pub(crate) fn of_build(&self) -> Option<(String, Generation, Option<String>)> {
        let mut parts = split('#', &self.0).into_iter().skip(1);
        let (collection, parent) = (parts.next()?, parts.next());
        let (collection, number) = collection.rsplit_once('@')?;
        Some((collection.to_owned(), Generation(number.parse().ok()?), parent))
    }

    /// A partition of the operators' own, such as `#audit#charge-card%237b0c…`: no tenant's name is empty.
    pub(crate) fn of_operators(collection: &str, parent: Option<&str>) -> Self {
        let parts = ["", collection].into_iter().chain(parent);
        Self(join('#', &parts.collect::<Vec<_>>()))
    }

    /// A partition as [`as_str`](Self::as_str) spelt it.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The partition as text, unambiguous.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where one item lives, for a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is listed with.
    pub partition: Partition,
    /// Its id there; items are listed in the byte order of their ids.
    pub id: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition.0, self.id)
    }
}

/// The name of a stream inside its tenant: `orders/0192…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    pub(crate) fn of(collection: &str, parent: Option<&str>, id: &str) -> Self {
        Self(match parent {
            Some(parent) => join('/', &[collection, parent, id]),
            None => join('/', &[collection, id]),
        })
    }

    /// A stream as an envelope names it.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The tenant and the stream of a [`key`](Self::key), if it is one.
    pub(crate) fn of_key(key: &str) -> Option<(TenantId, Self)> {
        let [tenant, stream] = split('#', key).try_into().ok()?;
        Some((tenant.parse().ok()?, Self(stream)))
    }

    /// The collection of the thing the stream belongs to.
    pub(crate) fn collection(&self) -> String {
        split('/', &self.0).swap_remove(0)
    }

    /// The stream as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stream's key over all tenants: `tenant#stream`, escaped as a [`Partition`] is.
    pub fn key(&self, tenant: &TenantId) -> String {
        join('#', &[tenant.as_str(), &self.0])
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Joins parts so that different lists of parts are different texts.
pub(crate) fn join(separator: char, parts: &[&str]) -> String {
    let length: usize = parts.iter().map(|part| part.len() + 1).sum();
    let mut joined = String::with_capacity(length);
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            joined.push(separator);
        }
        escape(separator, part, &mut joined);
    }
    joined
}

/// The parts that were [`join`]ed.
pub(crate) fn split(separator: char, text: &str) -> Vec<String> {
    let code = format!("%{:02X}", u32::from(separator));
    let part = |part: &str| part.replace(&code, &separator.to_string()).replace("%25", "%");
    text.split(separator).map(part).collect()
}

/// Appends a part. Nearly all have nothing to escape.
fn escape(separator: char, part: &str, to: &mut String) {
    let mut rest = part;
    while let Some(at) = rest.find(['%', separator]) {
        let (plain, special) = rest.split_at(at);
        to.push_str(plain);
        let mut behind = special.chars();
        if let Some(special) = behind.next() {
            // Writing to a string does not fail.
            let _ = write!(to, "%{:02X}", u32::from(special));
        }
        rest = behind.as_str();
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_inside_a_part_do_not_make_two_lists_one() {
        assert_ne!(join('#', &["a#b", "c"]), join('#', &["a", "b#c"]));
        assert_ne!(join('#', &["a%23b"]), join('#', &["a#b"]));
        assert_eq!(join('#', &["a#b", "c%"]), "a%23b#c%25");
    }

    #[test]
    fn what_was_joined_is_split_into_the_same_parts() {
        for parts in [["a#b", "c%"], ["%23", "%2523"], ["", "#"]] {
            assert_eq!(split('#', &join('#', &parts)), parts);
        }
    }
}
