//! What statistics need done outside.

mod sync_statistics;

pub use sync_statistics::{Figures, SyncStatistics, SyncStatisticsError};
