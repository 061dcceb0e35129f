//! The memory adapters.

use std::future::{Ready, ready};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use postroom::BoxFuture;
use postroom::contract::Adapters;
use postroom::contract::mailer::MailerUnderTest;
use postroom::contract::objects::ObjectsUnderTest;
use postroom::contract::queue::{Arrived, QueueUnderTest};
use postroom::contract::topic::TopicUnderTest;
use postroom::memory::{MemoryMailer, MemoryObjects, MemoryQueue, MemoryStore, MemoryTopic};
use postroom::port::{
    Depths, Downloads, Mail, Mailer, Objects, Payloads, PermittedDownload, PermittedUpload, Queue,
    Topic, Uploads,
};

use crate::endpoint::{COUNTER, HANDLER, IN_ORDER};

pub(crate) fn adapters() -> Ready<Adapters> {
    let memory = Arc::new(MemoryStore::default());
    ready(Adapters {
        store: memory.clone(),
        journal: memory.clone(),
        inbox: memory.clone(),
        outbox: memory.clone(),
        dead_letters: memory.clone(),
        breakers: memory.clone(),
        rates: memory.clone(),
        rows: memory,
    })
}

postroom::store_contract!(adapters);
postroom::journal_contract!(adapters);
postroom::inbox_contract!(adapters);
postroom::outbox_contract!(adapters);
postroom::dead_letters_contract!(adapters);
postroom::gate_contract!(adapters);
postroom::build_rows_contract!(adapters);

struct InMemory {
    queue: MemoryQueue,
}

fn in_memory() -> Ready<InMemory> {
    ready(InMemory { queue: MemoryQueue::new([HANDLER, IN_ORDER]) })
}

impl AsRef<dyn QueueUnderTest> for InMemory {
    fn as_ref(&self) -> &(dyn QueueUnderTest + 'static) {
        self
    }
}

impl QueueUnderTest for InMemory {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    fn depths(&self) -> &dyn Depths {
        &self.queue
    }

    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>> {
        Box::pin(ready(arrived(&self.queue, handler)))
    }
}

fn arrived(queue: &MemoryQueue, handler: &str) -> Vec<Arrived> {
    let arrived = queue.sent(handler).into_iter().map(|row| Arrived {
        body: row.body,
        r#type: row.r#type,
        correlation_id: row.correlation_id.to_string(),
        group: row.group,
    });
    arrived.collect()
}

postroom::queue_contract!(in_memory);

struct ToldInMemory {
    queue: MemoryQueue,
    topic: MemoryTopic,
}

fn told_in_memory() -> Ready<ToldInMemory> {
    let queue = MemoryQueue::new([HANDLER, COUNTER]);
    let topic = MemoryTopic::of(queue.clone());
    let topic = topic.subscribed(HANDLER, "order.*").subscribed(COUNTER, "order.placed");
    ready(ToldInMemory { queue, topic })
}

impl AsRef<dyn TopicUnderTest> for ToldInMemory {
    fn as_ref(&self) -> &(dyn TopicUnderTest + 'static) {
        self
    }
}

impl TopicUnderTest for ToldInMemory {
    fn topic(&self) -> &dyn Topic {
        &self.topic
    }

    fn arrived<'a>(&'a self, handler: &'a str) -> BoxFuture<'a, Vec<Arrived>> {
        Box::pin(ready(arrived(&self.queue, handler)))
    }
}

postroom::topic_contract!(told_in_memory);

struct BucketInMemory {
    objects: MemoryObjects,
}

fn bucket_in_memory() -> Ready<BucketInMemory> {
    ready(BucketInMemory { objects: MemoryObjects::default() })
}

impl AsRef<dyn ObjectsUnderTest> for BucketInMemory {
    fn as_ref(&self) -> &(dyn ObjectsUnderTest + 'static) {
        self
    }
}

impl ObjectsUnderTest for BucketInMemory {
    fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    fn payloads(&self) -> &dyn Payloads {
        &self.objects
    }

    fn uploads(&self) -> &dyn Uploads {
        &self.objects
    }

    fn downloads(&self) -> &dyn Downloads {
        &self.objects
    }

    fn now(&self) -> Timestamp {
        "2026-11-22T09:30:00Z".parse().unwrap()
    }

    fn upload<'a>(&'a self, permitted: &'a PermittedUpload, body: Bytes) -> BoxFuture<'a, bool> {
        let content_type = permitted.headers.get("content-type").map_or("", String::as_str);
        Box::pin(ready(self.objects.upload(permitted, content_type, body, self.now())))
    }

    fn download<'a>(&'a self, permitted: &'a PermittedDownload) -> BoxFuture<'a, Option<Bytes>> {
        Box::pin(ready(self.objects.download(permitted, self.now())))
    }
}

postroom::objects_contract!(bucket_in_memory);

struct MailInMemory {
    mailer: MemoryMailer,
}

fn mail_in_memory() -> Ready<MailInMemory> {
    ready(MailInMemory { mailer: MemoryMailer::default() })
}

impl AsRef<dyn MailerUnderTest> for MailInMemory {
    fn as_ref(&self) -> &(dyn MailerUnderTest + 'static) {
        self
    }
}

impl MailerUnderTest for MailInMemory {
    fn mailer(&self) -> &dyn Mailer {
        &self.mailer
    }

    fn arrived<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Vec<Mail>> {
        let sent = self.mailer.sent().into_iter().filter(|mail| mail.to == to);
        Box::pin(ready(sent.collect()))
    }
}

postroom::mailer_contract!(mail_in_memory);
