//! Statistics: what the ad provider counted, pulled by a job and kept beside the campaign.

mod figures;
mod statistics_synced;
mod statistics_due;
mod schedule_statistics;
mod get_statistics;

pub mod jobs;

pub use figures::{Statistics, StatisticsView};
pub use get_statistics::{GetStatisticsError, get_statistics};
pub use schedule_statistics::ScheduleStatistics;
pub use statistics_due::StatisticsDue;
pub use statistics_synced::StatisticsSynced;
