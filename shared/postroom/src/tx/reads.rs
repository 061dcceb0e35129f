//! What a handler may read.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::port::Item;
use crate::stored::{Key, Place, Stored, StreamId};
use crate::tx::items::Seen;
use crate::tx::{Tx, TxError};

impl Tx {
    /// The thing at a place. The commit fails, and the command re-runs, if it has changed by then.
    ///
    /// # Errors
    /// [`TxError::Read`], retryable or not as the store says; [`TxError::Shape`], permanent.
    pub async fn load<T: Stored>(&mut self, place: &Place<T>) -> Result<Option<T>, TxError> {
        self.load_key(place.key(&self.origin.tenant_id), place.stream()).await
    }

    /// The things at many places, in their order: one read for all that is not staged. Each is guarded, as by
    /// [`load`](Self::load). A place may be there twice.
    ///
    /// # Errors
    /// As [`load`](Self::load); and [`TxError::TooManyActions`], permanent, before anything is read: each place that is
    /// not staged costs the transaction an action.
    pub async fn load_many<T: Stored>(
        &mut self,
        places: &[Place<T>],
    ) -> Result<Vec<Option<T>>, TxError> {
        let turn = self.frame.turn();
        let keyed = |place: &Place<T>| (place.key(&self.origin.tenant_id), place.stream());
        let unread: BTreeMap<Key, StreamId> =
            places.iter().map(keyed).filter(|(key, _)| !self.items.holds(key)).collect();
        self.room_for_actions(unread.len())?;
        let found = self.fetch_many(unread.keys().cloned().collect()).await?;
        for ((key, stream), item) in unread.into_iter().zip(found) {
            self.items.guard(key, stream, item.as_ref(), turn);
        }
        let staged = |place: &Place<T>| {
            let key = place.key(&self.origin.tenant_id);
            let Seen(data) = self.items.read(&key, turn).unwrap_or(Seen(None));
            data.map(|data| shape(&key, data)).transpose()
        };
        places.iter().map(staged).collect()
    }

    pub(super) async fn load_key<T: DeserializeOwned>(
        &mut self,
        key: Key,
        stream: StreamId,
    ) -> Result<Option<T>, TxError> {
        if let Some(Seen(staged)) = self.items.read(&key, self.frame.turn()) {
            return staged.map(|data| shape(&key, data)).transpose();
        }
        let found = self.fetch(&key).await?;
        self.items.guard(key.clone(), stream, found.as_ref(), self.frame.turn());
        self.room_for("reads", 0)?;
        found.map(|item| shape(&key, item.data)).transpose()
    }

    /// The thing at a place, for information: it may change before the commit. Sees what is staged.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn peek<T: Stored>(&mut self, place: &Place<T>) -> Result<Option<T>, TxError> {
        let key = place.key(&self.origin.tenant_id);
        let found = match self.items.read(&key, self.frame.turn()) {
            Some(Seen(staged)) => staged,
            None => self.fetch(&key).await?.map(|item| item.data),
        };
        found.map(|data| shape(&key, data)).transpose()
    }

    pub(super) async fn fetch(&self, key: &Key) -> Result<Option<Item>, TxError> {
        self.store.get(key).await.map_err(|source| TxError::Read { key: key.to_string(), source })
    }

    async fn fetch_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>, TxError> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        self.store.get_many(&keys).await.map_err(|source| TxError::Read {
            key: format!("{first} and {} more", keys.len() - 1),
            source,
        })
    }
}

fn shape<T: DeserializeOwned>(key: &Key, data: Value) -> Result<T, TxError> {
    serde_json::from_value(data).map_err(|source| TxError::Shape { key: key.to_string(), source })
}
