//! What there is at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tests::World;
use tokio::time::{Instant, sleep};

/// How long read models may take to come to the journal's end: a few deaths of who makes them.
const FOLLOWING: Duration = Duration::from_mins(2);

/// An event as it is journaled.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) version: u64,
    pub(crate) id: String,
    pub(crate) r#type: String,
    /// The command or message whose handling made it.
    pub(crate) cause: String,
    /// The handlers that it was queued for.
    pub(crate) queued: Vec<String>,
    /// What it says.
    pub(crate) data: Value,
}

/// Everything that the soak left behind.
pub(crate) struct Outcome {
    /// Every stream, in order.
    pub(crate) streams: BTreeMap<String, Vec<Fact>>,
    pub(crate) state: Vec<Value>,
    /// What was run, by its key.
    pub(crate) runs: BTreeMap<String, Value>,
    pub(crate) outbox: Vec<Value>,
    pub(crate) letters: Vec<Value>,
    /// What the ad provider was asked, oldest first.
    pub(crate) calls: Vec<Value>,
    /// What it knows of each campaign that it was told of.
    pub(crate) told: BTreeMap<String, Value>,
}

impl Outcome {
    pub(crate) async fn read(world: &World) -> Self {
        let (streams, state) = followed(world).await;
        let inbox = world.table("inbox").await.into_iter();
        // Breakers and rates lie there too, and have no status; a refusal's note is no run.
        let runs = inbox.filter(|item| !text(item, "status").is_empty());
        let runs = runs.map(|item| (text(&item, "key").to_owned(), item));
        let runs = runs.filter(|(key, _)| !key.starts_with("refused#")).collect();
        let calls = world.provider_calls("").await;
        let mut told = BTreeMap::new();
        for id in calls.iter().filter_map(pushed) {
            if !told.contains_key(id) {
                told.insert(id.to_owned(), world.provider_state(id).await.body);
            }
        }
        let (outbox, letters) = (world.table("outbox").await, world.table("dead-letters").await);
        Self { streams, state, runs, outbox, letters, calls, told }
    }

    /// The items of a collection: tenant, parent if there is one, and the item.
    pub(crate) fn collection<'o>(
        &'o self,
        name: &'o str,
    ) -> impl Iterator<Item = (&'o str, &'o str, &'o Value)> {
        self.state.iter().filter_map(move |item| {
            let mut parts = text(item, "pk").split('#');
            let (tenant, collection) = (parts.next()?, parts.next()?);
            (collection == name).then(|| (tenant, parts.next().unwrap_or_default(), item))
        })
    }

    /// Every account: its tenant, its id, and what happened to it.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&str, &str, &[Fact])> {
        self.streams.iter().filter_map(|(stream, facts)| {
            let (tenant, id) = stream.split_once("#accounts/")?;
            Some((tenant, id, facts.as_slice()))
        })
    }

    /// The runs of one handler.
    pub(crate) fn runs_of(&self, handler: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.runs.iter().filter(move |(_, run)| text(run, "handler") == handler)
    }

    /// The provider's calls by their idempotency key.
    pub(crate) fn by_key(&self) -> BTreeMap<&str, Vec<&Value>> {
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for call in &self.calls {
            let key = call["idempotency_key"].as_str().unwrap_or_default();
            by_key.entry(key).or_default().push(call);
        }
        by_key
    }
}

/// The journal and the state, once the read models have come to the journal's end. Should they never come there, that is
/// seen in what they show.
async fn followed(world: &World) -> (BTreeMap<String, Vec<Fact>>, Vec<Value>) {
    let deadline = Instant::now() + FOLLOWING;
    loop {
        let mut streams: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
        for item in world.table("journal").await {
            streams.entry(text(&item, "stream").to_owned()).or_default().push(fact(&item));
        }
        for facts in streams.values_mut() {
            facts.sort_by_key(|fact| fact.version);
        }
        let state = world.table("state").await;
        let positions =
            state.iter().filter(|item| text(item, "pk").contains("#projection-positions@1#"));
        let applied: u64 = positions.filter_map(|item| number(&item["data"]["M"], "applied")).sum();
        // The views of accounts and the feed, which is of all but contacts.
        let read_by = |stream: &str| {
            let feed = usize::from(!stream.contains("#contacts/"));
            usize::from(stream.contains("#accounts/")) + feed
        };
        let happened: usize =
            streams.iter().map(|(stream, facts)| facts.len() * read_by(stream)).sum();
        if applied == happened as u64 || Instant::now() > deadline {
            return (streams, state);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// A text of an item; empty where it has none.
pub(crate) fn text<'i>(item: &'i Value, attribute: &str) -> &'i str {
    item[attribute]["S"].as_str().unwrap_or_default()
}

/// A number of an item.
pub(crate) fn number(item: &Value, attribute: &str) -> Option<u64> {
    item[attribute]["N"].as_str()?.parse().ok()
}

/// The campaign whose state a call brought.
pub(crate) fn pushed(call: &Value) -> Option<&str> {
    let path = call["path"].as_str().filter(|_| call["method"] == "PUT");
    path.and_then(|path| path.strip_prefix("/v1/campaigns/"))
}

fn fact(item: &Value) -> Fact {
    let envelope: Value = serde_json::from_str(text(item, "envelope")).unwrap();
    let of = |name: &str| envelope[name].as_str().unwrap_or_default().to_owned();
    let queued = item["queued"]["L"].as_array().into_iter().flatten();
    let queued = queued.filter_map(|handler| handler["S"].as_str()).map(str::to_owned).collect();
    let version = number(item, "version").unwrap();
    let (id, r#type, cause) = (of("id"), of("type"), of("causationid"));
    Fact { version, id, r#type, cause, queued, data: envelope["data"].clone() }
}
