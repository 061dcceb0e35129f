//! Shards: the records of ordered streams, each of which goes on at its first record that has to come again.

use std::collections::BTreeSet;
use std::iter::zip;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{between, later};
use crate::worker::record::TIME_WITHOUT_DEADLINE;
use crate::worker::{Disposition, Record, Worker};

/// How long a shard waits where a record has to come again and nobody named a wait. It has no delays of its own: what is
/// answered at once comes again at once.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that it waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

impl Worker {
    /// Processes records of ordered streams, whose [group](Record::group) is their shard, and answers the place of the first
    /// record of each shard that has to come again: none behind it in its shard was begun. A shard that is done is not
    /// named.
    ///
    /// Otherwise as [`process`](Self::process); so a record that fails for good, or has used up its attempts, is parked, and
    /// its shard goes on. Where one has to come again the answer waits a little, as long as there is time: the stream would
    /// bring it back at once, and its attempts would be used up before anything can have passed.
    pub async fn process_shards(
        &self,
        records: &[Record],
        deadline: Option<Timestamp>,
    ) -> Vec<usize> {
        let stop = self.stop_before(deadline);
        let dispositions = self.process(records, deadline).await;
        let (mut stopped, mut waits, mut firsts) = (BTreeSet::new(), Vec::new(), Vec::new());
        for (index, (record, disposition)) in zip(records, dispositions).enumerate() {
            let Disposition::Redeliver { after } = disposition else { continue };
            if stopped.insert(&record.group) {
                firsts.push(index);
                waits.push(after.unwrap_or(PAUSE));
            }
        }
        if let Some(shortest) = waits.into_iter().min() {
            self.pause(Some(shortest), stop).await;
        }
        firsts
    }

    /// When nothing is begun any more.
    pub(super) fn stop_before(&self, deadline: Option<Timestamp>) -> Timestamp {
        match deadline {
            Some(deadline) => deadline.saturating_sub(Self::MARGIN).unwrap_or(Timestamp::MIN),
            None => later(self.now(), TIME_WITHOUT_DEADLINE),
        }
    }

    /// Waits before a shard is told to bring a record again; until `stop` at most.
    pub(super) async fn pause(&self, after: Option<Duration>, stop: Timestamp) {
        let pause = after.unwrap_or(PAUSE).min(LONGEST_PAUSE).min(between(self.now(), stop));
        self.runtime.ports().clock.sleep(pause).await;
    }
}
