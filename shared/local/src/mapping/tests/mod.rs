//! Mappings over real queues; the tests play the functions, and move the queues' clock.

mod answers;
mod batches;
mod fifo;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::Mappings;
use crate::filter::Filters;
use crate::lambda::{Invoke, InvokeError, Response};
use crate::sqs::{Draft, FIFO_SUFFIX, Sqs};
use crate::template::Mapping;

const VISIBILITY: Duration = Duration::from_secs(30);
/// Longer than whatever is expected takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to see that nothing happens.
const QUIET: Duration = Duration::from_millis(150);

/// A function whose invocations the test answers, in the order it likes.
#[derive(Debug)]
struct Played {
    calls: mpsc::UnboundedSender<Call>,
}

/// An invocation that waits for its answer.
#[derive(Debug)]
struct Call {
    bodies: Vec<String>,
    ids: Vec<String>,
    answer: oneshot::Sender<Result<String, InvokeError>>,
}

impl Invoke for Played {
    fn invoke<'a>(
        &'a self,
        _function: &'a str,
        payload: Bytes,
    ) -> BoxFuture<'a, Result<Response, InvokeError>> {
        let event: Value = serde_json::from_slice(&payload).unwrap();
        let records = event["Records"].as_array().unwrap();
        let all = |member: &str| {
            records.iter().map(|record| record[member].as_str().unwrap().to_owned()).collect()
        };
        let (answer, answered) = oneshot::channel();
        self.calls.send(Call { bodies: all("body"), ids: all("messageId"), answer }).unwrap();
        Box::pin(async {
            let payload = Bytes::from(answered.await.unwrap()?);
            Ok(Response { request_id: "r".to_owned(), payload })
        })
    }
}

impl Call {
    /// Answers that these of its bodies failed.
    fn fail(self, bodies: &[&str]) {
        let failed =
            self.bodies.iter().zip(&self.ids).filter(|(b, _)| bodies.contains(&b.as_str()));
        let failures: Vec<_> = failed.map(|(_, id)| json!({ "itemIdentifier": id })).collect();
        self.answer(Ok(json!({ "batchItemFailures": failures }).to_string()));
    }

    fn succeed(self) {
        self.fail(&[]);
    }

    fn answer(self, answer: Result<String, InvokeError>) {
        self.answer.send(answer).unwrap();
    }
}

/// One queue, one mapping, one function.
struct Running {
    sqs: Sqs,
    /// The queues' clock, in seconds.
    seconds: Arc<AtomicI64>,
    queue: String,
    calls: mpsc::UnboundedReceiver<Call>,
    _mappings: Mappings,
}

impl Running {
    fn start(queue: &str, change: impl FnOnce(&mut Mapping)) -> Self {
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let clock = Arc::clone(&seconds);
        let sqs = Sqs::with_clock(Arc::new(move || {
            Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap()
        }));
        let mut attributes = vec![("VisibilityTimeout", VISIBILITY.as_secs().to_string())];
        if is_fifo(queue) {
            attributes.push(("FifoQueue", "true".to_owned()));
        }
        let attributes: BTreeMap<_, _> =
            attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        sqs.create_queue(queue, &attributes).unwrap();
        let mut mapping = Mapping {
            function: "worker".to_owned(),
            queue: queue.to_owned(),
            queue_arn: format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
            batch_size: 10,
            batching_window: Duration::ZERO,
            maximum_concurrency: Some(2),
            filters: Filters::default(),
            report_batch_item_failures: true,
        };
        change(&mut mapping);
        let (sender, calls) = mpsc::unbounded_channel();
        let function: Arc<dyn Invoke> = Arc::new(Played { calls: sender });
        let mut pollers = JoinSet::new();
        Mappings::add_queues(&mut pollers, &[mapping], &sqs, &function);
        let mappings = Mappings { pollers };
        Self { sqs, seconds, queue: queue.to_owned(), calls, _mappings: mappings }
    }

    /// Sends messages at once; in a FIFO queue the first letter of a body is its group.
    fn send(&self, bodies: &[&str]) {
        let sent = self.sqs.change(|queues, now| {
            for body in bodies {
                let mut draft = Draft { body: (*body).to_owned(), ..Draft::default() };
                if is_fifo(&self.queue) {
                    draft.group = Some(body[..1].to_owned());
                    draft.deduplication_id = Some((*body).to_owned());
                }
                queues.get_mut(&self.queue)?.send(draft, uuid::Uuid::now_v7(), now)?;
            }
            Ok(())
        });
        sent.unwrap();
    }

    /// Lets the visibility of everything in flight end.
    fn outlast_visibility(&self) {
        let seconds = i64::try_from(VISIBILITY.as_secs()).unwrap();
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
        // Who waits looks again.
        self.sqs.change(|_, _| Ok(())).unwrap();
    }

    async fn next(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("the function is not called").unwrap()
    }

    /// The bodies of the next call, in order, all of which succeed.
    async fn next_bodies(&mut self) -> Vec<String> {
        let call = self.next().await;
        let bodies = call.bodies.clone();
        call.succeed();
        bodies
    }

    /// Fails if the function is called now.
    async fn quiet(&mut self) {
        if let Ok(Some(call)) = timeout(QUIET, self.calls.recv()).await {
            panic!("the function is called with {:?}", call.bodies);
        }
    }

    /// Waits until the queue holds this many messages, in flight or not.
    async fn holds(&self, count: usize) {
        let began = Instant::now();
        while self.count() != count {
            assert!(began.elapsed() < PATIENCE, "{} messages instead of {count}", self.count());
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn count(&self) -> usize {
        let attributes = self.sqs.attributes(&self.queue).unwrap();
        ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            .map(|name| attributes[name].parse::<usize>().unwrap())
            .iter()
            .sum()
    }
}

fn is_fifo(queue: &str) -> bool {
    queue.ends_with(FIFO_SUFFIX)
}
