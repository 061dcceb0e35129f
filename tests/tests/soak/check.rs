//! What must be at the end: nothing lost, nothing twice, nothing left.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::WORKERS;
use crate::book::Book;
use crate::outcome::{Fact, Outcome, number, pushed, text};

/// Every sentence that the outcome breaks; none, if all went well.
pub(crate) fn violations(outcome: &Outcome, book: &Book) -> Vec<String> {
    let mut found = Vec::new();
    streams_have_no_gaps(outcome, &mut found);
    what_was_acknowledged_is_there(outcome, book, &mut found);
    a_campaign_is_its_events(outcome, &mut found);
    lists_and_counters_agree(outcome, &mut found);
    the_feed_is_the_journal(outcome, &mut found);
    the_team_was_told_of_failures_once(outcome, &mut found);
    every_reaction_is_done(outcome, &mut found);
    the_provider_was_asked_for_each_run_once(outcome, &mut found);
    the_provider_knows_the_last_state(outcome, &mut found);
    nothing_is_left(outcome, &mut found);
    found
}

fn streams_have_no_gaps(outcome: &Outcome, found: &mut Vec<String>) {
    for (stream, facts) in &outcome.streams {
        let versions: Vec<u64> = facts.iter().map(|fact| fact.version).collect();
        if versions.iter().copied().ne(1..=versions.len() as u64) {
            found.push(format!("{stream} has the versions {versions:?}"));
        }
    }
}

/// Each step once and in its order, and none that nobody ordered.
fn what_was_acknowledged_is_there(outcome: &Outcome, book: &Book, found: &mut Vec<String>) {
    for known in &book.campaigns {
        let stream = format!("{}#campaigns/{}", known.tenant, known.id);
        let facts = outcome.streams.get(&stream).map(Vec::as_slice).unwrap_or_default();
        let types: Vec<&str> = facts.iter().map(|fact| fact.r#type.as_str()).collect();
        let mut least = vec!["campaign.created"];
        least.extend(known.steps.iter().map(|step| event_of(step)));
        let mut most = least.clone();
        most.extend(known.unknown.map(event_of));
        if types != least && types != most {
            found.push(format!("{stream} is {types:?} and not {least:?} or {most:?}"));
        }
    }
    let campaigns = outcome.collection("campaigns").count();
    let (least, more) = (book.campaigns.len(), book.perhaps_created);
    if !(least..=least + more).contains(&campaigns) {
        found.push(format!("{campaigns} campaigns, and not {least} or up to {more} more"));
    }
}

/// Each event once, in the feed of its tenant and in that of its subject, and no other.
fn the_feed_is_the_journal(outcome: &Outcome, found: &mut Vec<String>) {
    let streams = outcome.streams.iter().filter(|(stream, _)| !stream.contains("#contacts/"));
    let mut expected: Vec<_> = streams
        .flat_map(|(stream, facts)| {
            let tenant = stream.split('#').next().unwrap_or_default();
            facts.iter().map(move |fact| (tenant, fact.id.as_str()))
        })
        .collect();
    expected.sort_unstable();
    for list in ["activity@1", "subject-activity@1"] {
        let items = outcome.collection(list);
        let mut shown: Vec<_> =
            items.map(|(tenant, _, item)| (tenant, text(&item["data"]["M"], "event_id"))).collect();
        shown.sort_unstable();
        if shown != expected {
            found.push(format!("{list} has {} items of {} events", shown.len(), expected.len()));
        }
    }
}

/// The item, its stream and what its listeners wrote committed together, or not at all.
fn a_campaign_is_its_events(outcome: &Outcome, found: &mut Vec<String>) {
    let mut timelines: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, campaign, _) in outcome.collection("timeline") {
        *timelines.entry(campaign).or_default() += 1;
    }
    let mut campaigns = 0;
    for (tenant, _, item) in outcome.collection("campaigns") {
        campaigns += 1;
        let id = text(item, "sk");
        let facts = facts_of(outcome, tenant, id);
        let events = facts.len() as u64;
        let status = item["data"]["M"]["status"]["S"].as_str().unwrap_or_default();
        let in_timeline = timelines.get(id).copied().unwrap_or_default();
        let last = facts.last().map(|fact| status_after(&fact.r#type));
        if number(item, "version") != Some(events) || last != Some(status) || in_timeline != events
        {
            let version = number(item, "version");
            found.push(format!(
                "campaign {id} is {status} at {version:?} after {facts:?}, {in_timeline} in its timeline"
            ));
        }
    }
    let streams = outcome.streams.keys().filter(|stream| stream.contains("#campaigns/")).count();
    if streams != campaigns {
        found.push(format!("{campaigns} campaigns, and streams of {streams}"));
    }
}

/// What stands for many campaigns at once: the notifications of a tenant, and the counter of its plan.
fn lists_and_counters_agree(outcome: &Outcome, found: &mut Vec<String>) {
    let mut expected: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (tenant, _, item) in outcome.collection("campaigns") {
        let (notified, live) = expected.entry(tenant).or_default();
        // Of everything but its creation.
        *notified += facts_of(outcome, tenant, text(item, "sk")).len() as u64 - 1;
        let status = item["data"]["M"]["status"]["S"].as_str().unwrap_or_default();
        *live += u64::from(matches!(status, "published" | "paused"));
    }
    let mut actual: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (tenant, _, item) in outcome.collection("notifications") {
        actual.entry(tenant).or_default().0 += u64::from(!is_of_failure(item));
    }
    for (tenant, _, item) in outcome.collection("live-campaigns") {
        let count = number(&item["data"]["M"], "count").unwrap_or_default();
        actual.entry(tenant).or_default().1 = count;
    }
    if expected != actual {
        found.push(format!("notifications and live campaigns are {actual:?}, not {expected:?}"));
    }
}

/// A letter is one `task.failed` for each time that its run was given up; the team was told of it where there is news.
fn the_team_was_told_of_failures_once(outcome: &Outcome, found: &mut Vec<String>) {
    let facts = outcome.streams.values().flatten().filter(|fact| fact.r#type == "task.failed");
    let failures: BTreeMap<&str, &Fact> = facts.map(|fact| (fact.id.as_str(), fact)).collect();
    // All of them were redriven in the end, so that each was given up as often as that.
    let given_up: u64 =
        outcome.letters.iter().filter_map(|letter| number(letter, "redrives")).sum();
    if failures.len() as u64 != given_up {
        found.push(format!("{} failures were told of {given_up}", failures.len()));
    }
    let mut told = BTreeSet::new();
    for (_, _, item) in outcome.collection("notifications").filter(|(.., item)| is_of_failure(item))
    {
        let id = item["data"]["M"]["event_id"]["S"].as_str().unwrap_or_default();
        if !failures.contains_key(id) || !told.insert(id) {
            found.push(format!("the team was told of the failure {id}, which never was, or twice"));
        }
    }
    let pushes = failures.values().filter(|fact| fact.data["handler"] == "sync-campaign");
    let missed = pushes.filter(|fact| !told.contains(fact.id.as_str()));
    found.extend(missed.map(|fact| format!("the team was not told of the failure {}", fact.id)));
}

fn is_of_failure(notification: &Value) -> bool {
    notification["data"]["M"]["event_type"]["S"] == "task.failed"
}

/// Before the last letter is decided about: what is not done is an open letter.
pub(crate) fn lost(outcome: &Outcome) -> Vec<String> {
    let open = outcome.letters.iter().filter(|letter| text(letter, "status") == "open");
    let open: BTreeSet<&str> = open.map(|letter| text(letter, "id")).collect();
    let undone = undone(outcome).into_iter().filter(|(key, _)| !open.contains(key.as_str()));
    undone.map(|(key, status)| format!("{key} is {status}, and no open letter")).collect()
}

/// Every handler of every event that has not run to its end, by its key, and how it stands.
fn undone(outcome: &Outcome) -> Vec<(String, &str)> {
    let facts = outcome.streams.values().flatten();
    let keys = facts.flat_map(|fact| fact.queued.iter().map(|by| format!("{by}#{}", fact.id)));
    let runs = keys.map(|key| {
        let run = outcome.runs.get(&key);
        let status = run.map_or("never begun", |run| text(run, "status"));
        (key, status)
    });
    runs.filter(|(_, status)| *status != "done").collect()
}

/// Every handler of every event ran to its end, and what it recorded it recorded once.
fn every_reaction_is_done(outcome: &Outcome, found: &mut Vec<String>) {
    found.extend(undone(outcome).iter().map(|(key, status)| format!("{key} is {status}")));
    let recorded = outcome.streams.iter().filter(|(stream, _)| stream.contains("#statistics/"));
    let mut causes = BTreeSet::new();
    for fact in recorded.flat_map(|(_, facts)| facts) {
        // A run that was overtaken by a later one records nothing; none records twice.
        let run = outcome.runs.get(&format!("sync-statistics#{}", fact.cause));
        if !causes.insert(&fact.cause) || !run.is_some_and(acted) {
            found.push(format!("figures of {} were recorded twice, or by nobody", fact.cause));
        }
    }
    let shown: BTreeSet<&str> =
        outcome.collection("statistics").map(|(_, _, item)| text(item, "sk")).collect();
    for (_, _, item) in outcome.collection("campaigns") {
        let (id, status) = (text(item, "sk"), item["data"]["M"]["status"]["S"].as_str());
        if matches!(status, Some("published" | "paused")) && !shown.contains(id) {
            found.push(format!("campaign {id} is {status:?} and has no figures"));
        }
    }
}

/// Each run under its own key, however often, for one and the same thing, and it got it in the end.
fn the_provider_was_asked_for_each_run_once(outcome: &Outcome, found: &mut Vec<String>) {
    let by_key = outcome.by_key();
    for (key, calls) in &by_key {
        let asked: BTreeSet<_> = calls
            .iter()
            .map(|call| (&call["method"], &call["path"], &call["version"]))
            .map(|asked| format!("{asked:?}"))
            .collect();
        if asked.len() != 1 || !outcome.runs.contains_key(*key) {
            found.push(format!("under the key {key} the provider was asked {asked:?}"));
        }
    }
    for (key, _) in
        WORKERS.iter().flat_map(|worker| outcome.runs_of(worker)).filter(|(_, run)| acted(run))
    {
        let calls = by_key.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        if !calls.iter().any(|call| call["status"] == 200) {
            found.push(format!("{key} is done, and the provider never said so: {calls:?}"));
        }
    }
    let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for call in &outcome.calls {
        if let Some(id) = pushed(call) {
            let state = (id, call["version"].as_u64());
            keys.entry(state).or_default().insert(call["idempotency_key"].as_str());
        }
    }
    for (state, keys) in keys.iter().filter(|(_, keys)| keys.len() > 1) {
        found.push(format!("the state {state:?} was pushed under several keys: {keys:?}"));
    }
}

fn the_provider_knows_the_last_state(outcome: &Outcome, found: &mut Vec<String>) {
    for (tenant, _, item) in outcome.collection("campaigns") {
        let id = text(item, "sk");
        let events = facts_of(outcome, tenant, id).len();
        let told = outcome.told.get(id);
        let knows = told.is_some_and(|told| {
            told["version"] == events && told["status"] == item["data"]["M"]["status"]["S"]
        });
        // A draft is nobody's business.
        if events > 1 && !knows {
            found.push(format!("of campaign {id}, {events} events, the provider knows {told:?}"));
        }
    }
}

pub(crate) fn nothing_is_left(outcome: &Outcome, found: &mut Vec<String>) {
    found.extend(outcome.outbox.iter().map(|row| format!("in the outbox: {row}")));
    for (key, run) in outcome.runs.iter().filter(|(_, run)| text(run, "status") != "done") {
        found.push(format!("{key} is {}", text(run, "status")));
    }
    for letter in outcome.letters.iter().filter(|letter| text(letter, "status") == "open") {
        found.push(format!("given up a second time: {letter}"));
    }
}

/// Whether a run is one that did something, and did not choose to do nothing.
fn acted(run: &Value) -> bool {
    text(run, "status") == "done" && run.get("skipped").is_none()
}

fn facts_of<'o>(outcome: &'o Outcome, tenant: &str, campaign: &str) -> &'o [Fact] {
    let facts = outcome.streams.get(&format!("{tenant}#campaigns/{campaign}"));
    facts.map(Vec::as_slice).unwrap_or_default()
}

fn event_of(step: &str) -> &'static str {
    match step {
        "publish" => "campaign.published",
        "pause" => "campaign.paused",
        "resume" => "campaign.resumed",
        _ => "campaign.completed",
    }
}

fn status_after(event: &str) -> &'static str {
    match event {
        "campaign.created" => "draft",
        "campaign.paused" => "paused",
        "campaign.completed" => "completed",
        _ => "published",
    }
}
