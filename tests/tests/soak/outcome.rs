//! What there is at the end, and what there must be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::World;

use crate::WORKERS;

/// Everything that the soak left behind.
pub(crate) struct Outcome {
    tables: BTreeMap<&'static str, Vec<Value>>,
    /// What the ad provider was asked, oldest first.
    calls: Vec<Value>,
    /// What it knows of each campaign.
    states: BTreeMap<String, Value>,
}

impl Outcome {
    pub(crate) async fn read(world: &World) -> Self {
        let mut tables = BTreeMap::new();
        for table in ["journal", "state", "outbox", "inbox", "dead-letters"] {
            tables.insert(table, world.table(table).await);
        }
        let calls = world.provider_calls("").await;
        let mut states = BTreeMap::new();
        for id in calls.iter().filter_map(pushed) {
            states.insert(id.to_owned(), world.provider_state(id).await.body);
        }
        Self { tables, calls, states }
    }

    /// Every campaign had each of its effects, and had it once.
    pub(crate) fn check_effects(&self, ids: &[String]) {
        let published: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(published.len(), ids.len());

        self.check_statistics(&published);
        self.check_calls();
        assert_eq!(self.runs("sync-campaign").len(), published.len());
        let in_order = |id: &&str| {
            let state = self.states.get(*id);
            state.is_some_and(|state| state["status"] == "published" && state["version"] == 2)
        };
        let wrong: Vec<_> = published.iter().filter(|id| !in_order(id)).collect();
        assert!(wrong.is_empty(), "the provider does not know the last state of {wrong:?}");
    }

    /// No message waits anywhere, and none was given up.
    pub(crate) fn check_nothing_is_left(&self) {
        for table in ["outbox", "dead-letters"] {
            assert_eq!(self.tables[table], Vec::<Value>::new(), "{table}");
        }
        // The provider's breaker lies there, too.
        let runs = self.tables["inbox"].iter().filter(|item| item.get("breaker").is_none());
        let unfinished: Vec<_> = runs.filter(|run| text(run, "status") != "done").collect();
        assert!(unfinished.is_empty(), "{unfinished:#?}");
    }

    /// Calls that came again under their key.
    pub(crate) fn repeated_calls(&self) -> usize {
        self.calls.len() - self.by_key().len()
    }

    /// Figures for each campaign, and as many events of them as there were runs that fetched some.
    fn check_statistics(&self, published: &BTreeSet<&str>) {
        let statistics = |item: &&Value| text(item, "pk").ends_with("#statistics");
        let views = self.tables["state"].iter().filter(statistics);
        let views: Vec<&str> = views.map(|item| text(item, "sk")).collect();
        let journal = self.tables["journal"].iter();
        let synced = journal.filter(|event| text(event, "stream").contains("#statistics/"));

        assert_eq!(views.len(), published.len());
        assert_eq!(views.into_iter().collect::<BTreeSet<_>>(), *published);
        assert_eq!(synced.count(), self.runs("sync-statistics").len(), "figures of each run, once");
    }

    /// Each run called under its own key, however often, for one and the same thing, and got it in the end.
    fn check_calls(&self) {
        let by_key = self.by_key();
        let runs = WORKERS.iter().flat_map(|handler| self.runs(handler));
        assert_eq!(by_key.keys().copied().collect::<BTreeSet<_>>(), runs.collect());
        for (key, calls) in &by_key {
            let requests =
                calls.iter().map(|call| (call["method"].as_str(), call["path"].as_str()));
            assert_eq!(requests.collect::<BTreeSet<_>>().len(), 1, "{key}: {calls:?}");
            assert!(calls.iter().any(|call| call["status"] == 200), "{key}: {calls:?}");
        }
    }

    /// The keys of a handler's runs, but for those that chose to do nothing.
    fn runs(&self, handler: &str) -> BTreeSet<&str> {
        let ran = |run: &&Value| text(run, "handler") == handler && run.get("skipped").is_none();
        let runs = self.tables["inbox"].iter().filter(ran);
        runs.map(|run| text(run, "key")).collect()
    }

    fn by_key(&self) -> BTreeMap<&str, Vec<&Value>> {
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for call in &self.calls {
            by_key.entry(call["idempotency_key"].as_str().unwrap()).or_default().push(call);
        }
        by_key
    }
}

/// The campaign whose state a call brought.
fn pushed(call: &Value) -> Option<&str> {
    let path = call["path"].as_str().filter(|_| call["method"] == json!("PUT"));
    path.and_then(|path| path.strip_prefix("/v1/campaigns/"))
}

/// A text of an item; empty where it has none.
fn text<'i>(item: &'i Value, attribute: &str) -> &'i str {
    item[attribute]["S"].as_str().unwrap_or_default()
}
