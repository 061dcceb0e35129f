//! What is live: found by its collection over all tenants, so that a schedule can visit it.

use crate::id::{InvalidId, TenantId, named};
use crate::stored::{join, split};

/// Over how many shards the tenants of a collection are spread, so that no single one bounds the write rate.
const SHARDS: u8 = 8;

/// A part of all that is live in one collection; as text `orders#1`.
///
/// What is live of one tenant is in one shard: whoever visits a shard finds it together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LiveShard(String);

impl LiveShard {
    /// The shard that a tenant's things are in: by a hash that spreads evenly and never changes.
    pub fn of(tenant: &TenantId, collection: &str) -> Self {
        let hash = named([b"live".as_slice(), tenant.as_str().as_bytes()]);
        Self::numbered(collection, hash.as_bytes()[15] % SHARDS)
    }

    /// Every shard of a collection.
    pub fn all(collection: &str) -> impl Iterator<Item = Self> {
        (0..SHARDS).map(move |shard| Self::numbered(collection, shard))
    }

    fn numbered(collection: &str, shard: u8) -> Self {
        Self(join('#', &[collection, &shard.to_string()]))
    }

    /// A shard as a store kept it.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The shard as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A live thing, as a schedule learns of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveItem {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id in the collection.
    pub id: String,
}

impl LiveItem {
    /// What a store kept under a [`Partition`](crate::Partition), as text, and an id.
    ///
    /// # Errors
    /// [`InvalidId`]: the text is no partition of a tenant. Permanent.
    pub fn from_stored(partition: &str, id: String) -> Result<Self, InvalidId> {
        let tenant = split('#', partition).into_iter().next().unwrap_or_default();
        Ok(Self { tenant: tenant.try_into()?, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::Partition;

    fn tenant(id: &str) -> TenantId {
        id.parse().unwrap()
    }

    #[test]
    fn the_shard_of_a_tenant_never_changes() {
        assert_eq!(LiveShard::of(&tenant("demo"), "orders").as_str(), "orders#1");
        assert_eq!(LiveShard::of(&tenant("a#b%"), "orders").as_str(), "orders#4");
    }

    #[test]
    fn tenants_are_spread_over_all_shards_of_their_collection() {
        let mut found: Vec<_> =
            (0..200).map(|n| LiveShard::of(&tenant(&format!("tenant-{n}")), "orders")).collect();
        found.sort();
        found.dedup();

        assert_eq!(found, LiveShard::all("orders").collect::<Vec<_>>());
    }

    #[test]
    fn a_live_item_knows_its_tenant_whatever_it_is_called() {
        for name in ["demo", "a#b", "50%23#"] {
            let partition = Partition::new(&tenant(name), "orders", Some("parent"));

            let item = LiveItem::from_stored(partition.as_str(), "1".to_owned()).unwrap();

            assert_eq!(item, LiveItem { tenant: tenant(name), id: "1".to_owned() });
        }
        assert!(LiveItem::from_stored("#orders", "1".to_owned()).is_err());
    }
}
