//! Test support: a press that prints books of any size, over a bucket whose calls are counted.

use std::future::pending;
use std::slice::from_ref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use postroom::doc_example::ShopError;
use postroom::memory::{ManualClock, MemoryObjects};
use postroom::port::{DeadLetter, Inbox, ObjectError, OutboxRow, Payloads, RunKey, RunStatus};
use postroom::{
    BoxFuture, ClaimChecks, Clock, Collector, Command, DedupKey, Disposition, Effects, Envelope,
    Event, ExecuteError, Job, Message, ObjectKey, OnUnknown, Outcome, Place, Ports, RawEnvelope,
    Reactions, Record, Routed, Runtime, Stored, StreamId, Task, Tx, Worker,
};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;

use crate::shop::{Shop, tenant};

pub(super) const BUCKET: &str = "shop-objects";
/// More than travels whole.
pub(super) const LARGE: usize = 300 * 1024;

/// An order to print a text. Its job knows it by the title, which is in its payload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PrintBook {
    pub(super) title: String,
    pub(super) text: String,
}

impl Message for PrintBook {
    const TYPE: &'static str = "book.print";
}

impl Task for PrintBook {
    fn subject(&self) -> String {
        self.title.clone()
    }
}

impl Routed for PrintBook {}

/// A text was handed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BookWritten {
    pub(super) text: String,
}

impl Message for BookWritten {
    const TYPE: &'static str = "book.written";
}

impl Event for BookWritten {
    fn stream(&self) -> StreamId {
        Shelf::at().stream()
    }
}

impl Routed for BookWritten {}

/// What the stream of books belongs to.
#[derive(Serialize, Deserialize)]
struct Shelf;

impl Shelf {
    fn at() -> Place<Self> {
        Place::new("shelf")
    }
}

impl Stored for Shelf {
    const COLLECTION: &'static str = "shelves";

    fn place(&self) -> Place<Self> {
        Self::at()
    }
}

/// Orders texts to be printed, some time later.
pub(super) struct Print(pub(super) Vec<String>, pub(super) Duration);

impl Command for Print {
    const NAME: &'static str = "print";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        for (number, text) in self.0.iter().enumerate() {
            let (title, text) = (format!("book {number}"), text.clone());
            tx.enqueue(PrintBook { title, text }, self.1)?;
        }
        Ok(())
    }
}

/// Hands a text in.
pub(super) struct Write(pub(super) String);

impl Command for Write {
    const NAME: &'static str = "write";
    type Output = ();
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<(), ShopError> {
        tx.save(&Shelf)?;
        tx.emit(BookWritten { text: self.0.clone() })?;
        Ok(())
    }
}

/// Prints, and remembers the length of each text.
#[derive(Clone, Default)]
pub(super) struct Press {
    printed: Arc<Mutex<Vec<usize>>>,
    /// How many it prints now, and the most that it did.
    at_once: Arc<(AtomicUsize, AtomicUsize)>,
    /// How often it lets others go on before it is done.
    turns: usize,
    jammed: bool,
}

impl Job<PrintBook> for Press {
    const NAME: &'static str = "press";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    fn key(book: &Envelope<PrintBook>) -> Option<DedupKey> {
        DedupKey::named(&book.tenant_id, &book.data.title)
    }

    async fn perform(&self, book: &Envelope<PrintBook>, _: &Effects) -> Result<Outcome, ShopError> {
        if self.jammed {
            return Err(ShopError::Gone { order: book.data.title.clone() });
        }
        let (now, most) = &*self.at_once;
        most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        for _ in 0..self.turns {
            yield_now().await;
        }
        now.fetch_sub(1, Ordering::Relaxed);
        self.printed.lock().unwrap().push(book.data.text.len());
        Ok(Outcome::DONE)
    }

    async fn record(&self, _: &Envelope<PrintBook>, (): &(), _: &mut Tx) -> Result<(), ShopError> {
        Ok(())
    }
}

impl Job<BookWritten> for Press {
    const NAME: &'static str = "press";
    const ON_UNKNOWN: OnUnknown = OnUnknown::Repeat;
    type Done = ();
    type Error = ShopError;

    async fn perform(
        &self,
        book: &Envelope<BookWritten>,
        _: &Effects,
    ) -> Result<Outcome, ShopError> {
        self.printed.lock().unwrap().push(book.data.text.len());
        Ok(Outcome::DONE)
    }

    async fn record(
        &self,
        _: &Envelope<BookWritten>,
        (): &(),
        _: &mut Tx,
    ) -> Result<(), ShopError> {
        Ok(())
    }
}

/// A bucket in memory, whose calls are counted.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) objects: MemoryObjects,
    puts: AtomicUsize,
    gets: AtomicUsize,
}

impl Payloads for Bucket {
    fn put_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), ObjectError>> {
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.objects.put_payload(key, body)
    }

    fn get_payload<'a>(
        &'a self,
        key: &'a ObjectKey,
        at_most: u64,
    ) -> BoxFuture<'a, Result<Bytes, ObjectError>> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.objects.get_payload(key, at_most)
    }
}

/// A shop that prints books.
pub(super) struct Printer {
    pub(super) shop: Shop,
    pub(super) bucket: Arc<Bucket>,
    pub(super) press: Press,
}

impl Printer {
    pub(super) fn new() -> Self {
        let mut printer = Self::without_bucket();
        let claims = ClaimChecks::new(BUCKET.to_owned(), printer.bucket.clone());
        printer.shop.runtime = printer.shop.runtime.with_claims(claims);
        printer
    }

    /// One that is not told of its bucket.
    pub(super) fn without_bucket() -> Self {
        Self { shop: Shop::with(table()), bucket: Arc::default(), press: Press::default() }
    }

    /// The same with a press that can print nothing.
    pub(super) fn jammed(mut self) -> Self {
        self.press.jammed = true;
        self
    }

    /// The same with a press that takes its time, of which the clock knows nothing.
    pub(super) fn slow(mut self) -> Self {
        let claims = ClaimChecks::new(BUCKET.to_owned(), self.bucket.clone());
        let clock = Arc::new(Standing(self.shop.clock.clone()));
        let ports = Ports { clock, ..self.shop.runtime.ports().clone() };
        self.shop.runtime = Runtime::new(ports, table()).with_claims(claims);
        self.press.turns = 10;
        self
    }

    pub(super) fn mended(&mut self) {
        self.press.jammed = false;
    }

    pub(super) async fn execute<C: Command>(
        &self,
        command: &C,
    ) -> Result<(), ExecuteError<C::Error>> {
        self.shop.runtime.execute(command, &self.shop.origin()).await.map(drop)
    }

    /// Orders a text of so many bytes to be printed, and answers the message that the press gets.
    pub(super) async fn ordered(&self, bytes: usize) -> Record {
        self.execute(&Print(vec![text(bytes)], Duration::ZERO)).await.unwrap();
        self.last_sent()
    }

    pub(super) fn sent(&self) -> Vec<OutboxRow> {
        self.shop.queue.sent("press")
    }

    pub(super) fn last_sent(&self) -> Record {
        record(&self.sent().last().unwrap().body)
    }

    pub(super) fn worker(&self) -> Worker {
        let (press, letters) = (self.press.clone(), Arc::new(self.shop.memory.clone()));
        Worker::new("press", self.shop.runtime.clone(), letters)
            .job::<PrintBook, _>(press.clone())
            .job::<BookWritten, _>(press)
    }

    pub(super) async fn work(&self, record: &Record) -> Disposition {
        self.worker().process(from_ref(record), None).await[0]
    }

    pub(super) fn collector(&self) -> Collector {
        Collector::new(self.shop.runtime.clone(), Arc::new(self.shop.memory.clone()))
    }

    /// The one letter there is.
    pub(super) fn letter(&self) -> DeadLetter {
        let [letter] = self.shop.memory.dead_letters().try_into().unwrap();
        letter
    }

    /// How a run of the press stands.
    pub(super) async fn status(&self, key: &RunKey) -> Option<RunStatus> {
        let found = Inbox::find(&self.shop.memory, key, self.shop.now()).await.unwrap();
        found.map(|found| found.status)
    }

    pub(super) fn printed(&self) -> Vec<usize> {
        self.press.printed.lock().unwrap().clone()
    }

    /// The most books that were printed at once.
    pub(super) fn most_at_once(&self) -> usize {
        self.press.at_once.1.load(Ordering::Relaxed)
    }

    /// How often something was put and got since this was asked last.
    pub(super) fn calls(&self) -> (usize, usize) {
        let Bucket { puts, gets, .. } = &*self.bucket;
        (puts.swap(0, Ordering::Relaxed), gets.swap(0, Ordering::Relaxed))
    }
}

/// A clock at which nobody's time is ever over.
struct Standing(Arc<ManualClock>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

fn table() -> Reactions {
    let mut table = Reactions::default();
    table.row::<PrintBook>().queued::<Press, _>();
    table.row::<BookWritten>().queued::<Press, _>();
    table
}

pub(super) fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

pub(super) fn record(body: &str) -> Record {
    let (message_id, body) = ("sqs-1".to_owned(), body.to_owned());
    Record { message_id, body, group: None, receives: 1, refused: None }
}

/// Where the payload of a message lies.
pub(super) fn place_of(record: &Record) -> ObjectKey {
    let message = RawEnvelope::parse(&record.body).unwrap();
    let (reference, _) = message.payload_elsewhere().unwrap();
    reference.strip_prefix(&format!("s3://{BUCKET}/")).unwrap().parse().unwrap()
}

/// Under which key the press knows the first book that is ordered.
pub(super) fn first_book() -> RunKey {
    RunKey::of_dedup("press", DedupKey::named(&tenant(), "book 0").unwrap())
}
