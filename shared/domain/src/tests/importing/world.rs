//! Test support: imports over memory adapters, whose worker can be killed at each of its steps.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use postroom::memory::{ManualClock, MemoryObjects, MemoryQueue, MemoryStore, SeededIds};
use postroom::port::Objects;
use postroom::{
    Command, Courier, Disposition, ExecuteError, Ids, Message, ObjectCreated, Origin, Ports,
    Reader, Record, Runtime, Stored, Worker,
};
use serde_json::json;

use super::stepped::{Standing, Stepped};
use crate::contact_imports::csv::Rejection;
use crate::contact_imports::jobs::ImportContacts;
use crate::contact_imports::{
    ContactImportInput, ContactImportView, CreateContactImport, ImportChunk, ImportSpread,
    UploadedFile, get_contact_import, list_rejected_rows,
};
use crate::contacts::Contact;
use crate::page::PageRequest;
use crate::{ContactImportId, Settings, reactions};

/// The chain that an import was asked for in.
const CHAIN: &str = "req-1";

/// A tenant, a bucket, and the worker of imports.
pub(super) struct World {
    pub(super) memory: MemoryStore,
    pub(super) objects: MemoryObjects,
    pub(super) clock: Arc<ManualClock>,
    queue: MemoryQueue,
    courier: Courier,
    ids: Arc<SeededIds>,
    runtime: Runtime,
    worker: Worker,
}

impl World {
    pub(super) fn new() -> Self {
        let memory = MemoryStore::default();
        let reactions = reactions(&Settings::default());
        let queue = MemoryQueue::new(reactions.queues());
        let clock = Arc::new(ManualClock::at("2026-11-22T09:30:00Z".parse().unwrap()));
        let standing = Arc::new(Standing(clock.clone()));
        let ids = Arc::new(SeededIds::new(1));
        let stored = Arc::new(memory.clone());
        let courier = Courier::new(stored.clone(), Arc::new(queue.clone()), standing.clone());
        let ports = Ports {
            store: Arc::new(Stepped(memory.clone())),
            journal: stored.clone(),
            inbox: stored.clone(),
            courier: courier.clone(),
            clock: standing,
            ids: ids.clone(),
        };
        let runtime = Runtime::new(ports, reactions);
        let objects = MemoryObjects::default();
        let job = ImportContacts::new(Arc::new(Stepped(objects.clone())));
        let worker = Worker::new(ImportContacts::NAME, runtime.clone(), stored)
            .job::<ObjectCreated, _>(job.clone())
            .job::<ImportSpread, _>(job.clone())
            .job::<ImportChunk, _>(job);
        Self { memory, objects, clock, queue, courier, ids, runtime, worker }
    }

    pub(super) async fn execute<C: Command>(
        &self,
        command: &C,
    ) -> Result<C::Output, ExecuteError<C::Error>> {
        let origin = Origin {
            command_id: self.ids.fresh().into(),
            tenant_id: "demo".parse().unwrap(),
            actor_id: None,
            correlation_id: CHAIN.parse().unwrap(),
            traceparent: None,
            idempotency: None,
        };
        Ok(self.runtime.execute(command, &origin).await?.output)
    }

    /// An import that waits for its file.
    pub(super) async fn asked(&self) -> ContactImportId {
        self.clock.advance(Duration::from_secs(1));
        let input = json!({ "file_name": "people.csv", "size_bytes": 1_024 });
        let input: ContactImportInput = serde_json::from_value(input).unwrap();
        self.execute(&CreateContactImport::try_from(input).unwrap()).await.unwrap().id
    }

    /// Uploads the file of an import; the message that tells it.
    pub(super) async fn uploaded(&self, import_id: ContactImportId, file: &[u8]) -> String {
        let correlation_id = CHAIN.parse().unwrap();
        let tenant_id = "demo".parse().unwrap();
        let key = UploadedFile { tenant_id, import_id, correlation_id }.key().unwrap();
        let body = Bytes::copy_from_slice(file);
        let etag = self.objects.put(&key, "text/csv", body).await.unwrap();
        let owner = UploadedFile::owner_of(&key).unwrap();
        let created = ObjectCreated {
            bucket: "shop-objects".to_owned(),
            key,
            size_bytes: u64::try_from(file.len()).unwrap(),
            sequencer: self.ids.fresh().to_string(),
            etag,
        };
        created.told(owner, self.worker.now()).to_body()
    }

    /// An import whose file is uploaded, and the message that tells it.
    pub(super) async fn begun(&self, file: &[u8]) -> (ContactImportId, String) {
        let import_id = self.asked().await;
        (import_id, self.uploaded(import_id, file).await)
    }

    /// Delivers messages side by side.
    pub(super) async fn deliver(&self, bodies: &[String]) -> Vec<Disposition> {
        self.worker.process(&records(bodies), None).await
    }

    /// Delivers messages side by side to a worker that is killed after so many of its steps; `None`: it was.
    pub(super) fn deliver_killed(
        &self,
        bodies: &[String],
        steps: usize,
    ) -> Option<Vec<Disposition>> {
        let records = records(bodies);
        let mut working = pin!(self.worker.process(&records, None));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..steps {
            if let Poll::Ready(done) = working.as_mut().poll(&mut context) {
                return Some(done);
            }
        }
        None
    }

    /// Imports a file to its end, one message at a time.
    pub(super) async fn import(&self, file: &[u8]) -> ContactImportView {
        let (import_id, told) = self.begun(file).await;
        self.deliver(&[told]).await;
        self.finish().await;
        self.view(import_id).await
    }

    /// Delivers whatever is sent, until nothing is any more.
    pub(super) async fn finish(&self) {
        let mut done = 0;
        while let Some(body) = self.sent().get(done).cloned() {
            self.deliver(&[body]).await;
            done += 1;
        }
    }

    /// What was sent to the worker, in its order.
    pub(super) fn sent(&self) -> Vec<String> {
        self.queue.sent(ImportContacts::NAME).into_iter().map(|sent| sent.body).collect()
    }

    /// What was sent to the worker of one type.
    pub(super) fn sent_of<M: Message>(&self) -> Vec<String> {
        let r#type = format!("\"{}\"", M::TYPE);
        self.sent().into_iter().filter(|body| body.contains(&r#type)).collect()
    }

    /// Hands over what a killed worker has left behind.
    pub(super) async fn relay(&self) {
        // The lease of whoever was killed runs out, too.
        self.clock.advance(Duration::from_mins(5));
        let now = self.worker.now();
        self.courier.relay(now, now + Duration::from_mins(1)).await.unwrap();
    }

    pub(super) async fn view(&self, import_id: ContactImportId) -> ContactImportView {
        get_contact_import(&self.reader(), import_id).await.unwrap()
    }

    pub(super) async fn rejected(&self, import_id: ContactImportId) -> Vec<Rejection> {
        let all = PageRequest { limit: 100, after: None };
        list_rejected_rows(&self.reader(), import_id, all).await.unwrap().items
    }

    pub(super) fn reader(&self) -> Reader {
        self.runtime.reader(&"demo".parse().unwrap())
    }

    /// The addresses of all contacts.
    pub(super) fn contacts(&self) -> Vec<String> {
        let items = self.memory.items().into_iter();
        let partition = format!("demo#{}", Contact::COLLECTION);
        let contacts = items.filter(|item| item.key.partition.as_str() == partition);
        let mut emails: Vec<_> =
            contacts.map(|item| item.data["email"].as_str().unwrap().to_owned()).collect();
        emails.sort();
        emails
    }

    /// How many events there are of one type.
    pub(super) fn events<M: Message>(&self) -> usize {
        let records = self.memory.journal_records();
        records.into_iter().filter(|record| record.envelope.r#type == M::TYPE).count()
    }
}

fn records(bodies: &[String]) -> Vec<Record> {
    let record = |(index, body): (usize, &String)| Record {
        message_id: format!("m{index}"),
        body: body.clone(),
        group: None,
        receives: 1,
        refused: None,
    };
    bodies.iter().enumerate().map(record).collect()
}
