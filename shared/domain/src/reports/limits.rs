//! What a report may be at most. All limits of reports are here; whoever exceeds one is told which.

use std::time::Duration;

/// The most campaigns that a report names. Without names it is about all.
pub const MAX_CAMPAIGN_IDS: usize = 100;
/// The most rows that are looked at for a report, whether they are in its range or not.
pub const MAX_ROWS: u64 = 50_000;
/// The most imports in a report: what came of each is a read of its own.
pub const MAX_IMPORTS: u64 = 2_000;
/// How long the file of a report can be downloaded from when it is completed. Its object is kept a day longer, as the
/// template says: a bucket counts from when it was put, which is a little before.
pub const KEPT: Duration = Duration::from_hours(7 * 24);
