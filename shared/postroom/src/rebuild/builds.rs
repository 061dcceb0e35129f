//! Which builds of a projection there are.
//!
//! One item of the state table for each projection, the system's and no tenant's, at `#projections` and the projection's
//! name. Without it there is the first build alone.
//!
//! ```json
//! {"live":1}
//! ```

use serde::{Deserialize, Serialize};

use crate::port::Store;
use crate::reader::ReadError;
use crate::stored::{Generation, Key, Partition};

/// The builds of one projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Builds {
    /// The one that is read.
    pub(crate) live: Generation,
}

impl Builds {
    /// Where those of a projection are kept.
    fn key(projection: &str) -> Key {
        let partition = Partition::of_operators("projections", None);
        Key { partition, id: projection.to_owned() }
    }

    /// Those of a projection, as of now.
    pub(crate) async fn of(store: &dyn Store, projection: &str) -> Result<Self, ReadError> {
        let key = Self::key(projection);
        let found = store.get(&key).await;
        let found = found.map_err(|source| ReadError::Store { what: key.to_string(), source })?;
        let Some(item) = found else { return Ok(Self::default()) };
        serde_json::from_value(item.data)
            .map_err(|source| ReadError::Shape { what: key.to_string(), source })
    }
}

impl Default for Builds {
    fn default() -> Self {
        Self { live: Generation::FIRST }
    }
}
