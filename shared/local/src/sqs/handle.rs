//! The shared handle: the queues behind a lock, a clock, and waiting for messages.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::SqsError;
use super::disk::{Disk, DiskError};
use super::message::{Draft, Received};
use super::queues::Queues;

/// The shortest pause of a waiting receiver, so that clock jitter cannot make it spin.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// Tells the time to the queues.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The SQS of this machine; clones share the same queues, which live as long as one of them.
#[derive(Clone)]
pub struct Sqs {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    queues: Mutex<Queues>,
    /// Where messages are kept, if anywhere. Locked while the queues are: what came first is written first.
    disk: Mutex<Option<Disk>>,
    /// Told whenever a message may have become receivable other than by time passing.
    arrivals: Notify,
}

impl Sqs {
    /// Queues that live by the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(Timestamp::now))
    }

    /// Queues that live by the given clock. A waiting [`Sqs::receive`] looks again when real time
    /// says that something is due, so a clock that is moved by hand needs a new call.
    pub fn with_clock(clock: Clock) -> Self {
        let (queues, disk, arrivals) = (Mutex::default(), Mutex::default(), Notify::new());
        Self { shared: Arc::new(Shared { clock, queues, disk, arrivals }) }
    }

    /// Takes back the messages that a directory keeps, and from now on keeps there whatever comes.
    ///
    /// # Errors
    ///
    /// What is there cannot be read.
    pub(crate) fn keep_in(&self, directory: &Path) -> Result<(), DiskError> {
        let (disk, kept) = Disk::open(directory)?;
        let mut queues = self.lock();
        queues.watch();
        queues.restore(kept, (self.shared.clock)());
        *self.disk() = Some(disk);
        drop(queues);
        self.shared.arrivals.notify_waiters();
        Ok(())
    }

    /// Writes down every message as it stands now, if messages are kept.
    pub(crate) fn save(&self) {
        let queues = self.lock();
        if let Some(Err(error)) = self.disk().as_mut().map(|disk| disk.save(&queues.kept())) {
            tracing::error!(%error, "cannot keep the messages that are in the queues");
        }
    }

    /// Creates a queue; the same again changes nothing.
    ///
    /// # Errors
    ///
    /// An invalid name or attribute, a redrive policy whose target does not exist yet, or a queue
    /// of that name with other attributes.
    pub fn create_queue(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), SqsError> {
        self.change(|queues, now| queues.create(name, attributes, now))
    }

    /// Sends a message, as another service of this machine does.
    ///
    /// # Errors
    ///
    /// The queue does not exist, or does not take it.
    pub(crate) fn send(&self, queue: &str, draft: Draft) -> Result<(), SqsError> {
        self.change(|queues, now| queues.get_mut(queue)?.send(draft, Uuid::now_v7(), now).map(drop))
    }

    /// Receives up to `max` messages under the queue's visibility timeout, waiting up to `wait`
    /// for the first. Dropping the future while it waits takes nothing from the queue.
    ///
    /// # Errors
    ///
    /// The queue does not exist, or has too many messages in flight.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Received>, SqsError> {
        self.receive_for(queue, max, wait, None).await
    }

    /// Deletes a received message.
    ///
    /// # Errors
    ///
    /// The queue does not exist or did not make the handle; of a FIFO queue also when the
    /// visibility timeout has passed.
    pub fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.change(|queues, now| queues.get_mut(queue)?.delete(receipt_handle, now))
    }

    /// Makes a received message visible again after `timeout` from now, at most 12 hours.
    ///
    /// # Errors
    ///
    /// The queue does not exist or did not make the handle, or the message is not in flight.
    pub fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        timeout: Duration,
    ) -> Result<(), SqsError> {
        self.change(|queues, now| {
            queues.get_mut(queue)?.change_visibility(receipt_handle, timeout, now)
        })
    }

    /// The attributes of a queue by AWS's names, settings and counts alike.
    ///
    /// # Errors
    ///
    /// The queue does not exist.
    pub fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, SqsError> {
        let now = self.now();
        let mut queues = self.lock();
        let attributes = queues.get_mut(queue)?.attributes(now);
        self.write_down(&mut queues);
        Ok(attributes)
    }

    /// [`Sqs::receive`] with a visibility timeout of the receiver's own.
    pub(crate) async fn receive_for(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<Received>, SqsError> {
        let deadline = Instant::now() + wait;
        loop {
            // Made before looking: an arrival between the look and the wait is not missed.
            let arrival = self.shared.arrivals.notified();
            let now = self.now();
            let (received, next_change) = {
                let mut queues = self.lock();
                let received = queues.receive(queue, max, visibility, now);
                self.write_down(&mut queues);
                let (received, given_up) = received?;
                if given_up > 0 {
                    self.shared.arrivals.notify_waiters();
                }
                (received, queues.get(queue)?.next_change())
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if !received.is_empty() || left.is_zero() {
                return Ok(received);
            }
            let until_change = next_change.map(|at| Duration::try_from(at.duration_since(now)));
            let until_change = until_change.and_then(Result::ok).unwrap_or(left);
            // Either way the queue is looked at again.
            let _ = timeout(until_change.max(SHORTEST_PAUSE).min(left), arrival).await;
        }
    }

    /// The time that the queues live by.
    pub(crate) fn now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// Applies a change to the queues and wakes the receivers that wait.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Queues, Timestamp) -> Result<T, SqsError>,
    ) -> Result<T, SqsError> {
        let now = self.now();
        let outcome = {
            let mut queues = self.lock();
            let outcome = change(&mut queues, now);
            self.write_down(&mut queues);
            outcome
        };
        self.shared.arrivals.notify_waiters();
        outcome
    }

    /// Writes down what has changed, before anybody is answered.
    fn write_down(&self, queues: &mut Queues) {
        let changes = queues.take_changes();
        if changes.is_empty() {
            return;
        }
        let mut disk = self.disk();
        let Some(disk) = disk.as_mut() else { return };
        let mut written = disk.append(changes);
        if disk.is_long() {
            written = written.and_then(|()| disk.save(&queues.kept()));
        }
        if let Err(error) = written {
            tracing::error!(%error, "messages are not kept: they are lost with this process");
        }
    }

    fn disk(&self) -> MutexGuard<'_, Option<Disk>> {
        // A log has no state that a panic could leave half changed.
        self.shared.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Queues> {
        // No operation leaves the queues half changed, so a panic elsewhere does not spoil them.
        self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Sqs {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqs").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn with_queue() -> Sqs {
        let sqs = Sqs::new();
        sqs.create_queue("jobs", &BTreeMap::new()).expect("created");
        sqs
    }

    fn send(sqs: &Sqs, body: &str) {
        let draft = Draft { body: body.to_owned(), ..Draft::default() };
        sqs.send("jobs", draft).expect("sent");
    }

    #[tokio::test]
    async fn a_waiting_receiver_gets_a_message_when_it_arrives() {
        let sqs = with_queue();
        let start = Instant::now();

        // The receiver is polled first, finds nothing, and waits.
        let (received, ()) =
            tokio::join!(sqs.receive("jobs", 1, LONG), async { send(&sqs, "hello") });

        assert_eq!(received.expect("received")[0].body, "hello");
        assert!(start.elapsed() < LONG / 2);
    }

    #[tokio::test]
    async fn a_receiver_that_gives_up_takes_nothing() {
        let sqs = with_queue();
        let gave_up = timeout(Duration::ZERO, sqs.receive("jobs", 1, LONG)).await;
        send(&sqs, "hello");

        let received = sqs.receive("jobs", 1, Duration::ZERO).await.expect("received");

        assert!(gave_up.is_err());
        assert_eq!(received[0].attributes["ApproximateReceiveCount"], "1");
    }

    #[tokio::test]
    async fn a_receiver_stops_waiting_when_its_queue_is_deleted() {
        let sqs = with_queue();

        let (received, deleted) = tokio::join!(sqs.receive("jobs", 1, LONG), async {
            sqs.change(|queues, _| queues.delete("jobs"))
        });

        let queue = "jobs".to_owned();
        assert_eq!((received, deleted), (Err(SqsError::QueueDoesNotExist { queue }), Ok(())));
    }

    #[tokio::test]
    async fn a_receiver_of_dead_letters_gets_one_when_a_message_is_given_up() {
        let sqs = Sqs::new();
        sqs.create_queue("dead", &BTreeMap::new()).expect("created");
        let arn = "arn:aws:sqs:us-east-1:000000000000:dead";
        let policy = format!(r#"{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 1}}"#);
        let attributes = [("RedrivePolicy", policy), ("VisibilityTimeout", "0".to_owned())];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
        sqs.create_queue("jobs", &attributes).expect("created");
        send(&sqs, "poison");
        sqs.receive("jobs", 1, Duration::ZERO).await.expect("received");
        let start = Instant::now();

        let (dead, nothing) =
            tokio::join!(sqs.receive("dead", 1, LONG), sqs.receive("jobs", 1, Duration::ZERO));

        assert_eq!((dead.expect("received")[0].body.as_str(), nothing), ("poison", Ok(vec![])));
        assert!(start.elapsed() < LONG / 2);
    }

    #[tokio::test]
    async fn what_one_clone_returns_another_receives() {
        let sqs = with_queue();
        let other = sqs.clone();
        send(&sqs, "hello");
        let first = sqs.receive("jobs", 1, Duration::ZERO).await.expect("received");

        let handle = &first[0].receipt_handle;
        sqs.change_visibility("jobs", handle, Duration::ZERO).expect("returned");

        let again = other.receive("jobs", 1, LONG).await.expect("received");
        assert_eq!(again[0].message_id, first[0].message_id);
        other.delete("jobs", &again[0].receipt_handle).expect("deleted");
        assert_eq!(sqs.attributes("jobs").expect("exists")["ApproximateNumberOfMessages"], "0");
    }
}
