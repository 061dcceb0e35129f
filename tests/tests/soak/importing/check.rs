//! What must be at the end of an import: every row accounted for, no contact missing, no contact twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::people::People;
use crate::check::nothing_is_left;
use crate::outcome::{Outcome, text};

/// Every sentence that an import breaks; none, if all went well.
pub(super) fn violations(outcome: &Outcome, people: &People, imports: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    every_contact_is_there_once(outcome, people, &mut found);
    each_was_added_once(outcome, people, &mut found);
    each_is_found_by_address_and_by_name(outcome, people, &mut found);
    each_import_happened_once(outcome, imports, &mut found);
    nothing_is_left(outcome, &mut found);
    // Not even one that was redriven: nothing fails here five times.
    found.extend(outcome.letters.iter().map(|letter| format!("given up: {letter}")));
    found
}

/// An import's own account of a file.
pub(super) fn miscounted(import: &Value, people: &People, imported: u64) -> Vec<String> {
    let rejected = people.rejected.len() as u64;
    let expected = [
        ("total", people.rows),
        ("processed", people.rows),
        ("imported", imported),
        ("duplicates", people.rows - imported - rejected),
        ("rejected", rejected),
    ];
    let wrong = expected.iter().filter(|(name, count)| import[*name] != *count);
    let mut found: Vec<_> =
        wrong.map(|(name, count)| format!("{name} is not {count}: {import}")).collect();
    if import["status"] != "completed" {
        found.push(format!("it is not completed: {import}"));
    }
    found
}

/// The rows that callers are told were rejected.
pub(super) fn rejected_otherwise(rows: &[Value], people: &People) -> Vec<String> {
    let told: Vec<_> =
        rows.iter().map(|row| (row["line"].as_u64(), row["column"].as_str())).collect();
    let expected: Vec<_> =
        people.rejected.iter().map(|(line, column)| (Some(*line), *column)).collect();
    if told == expected {
        return Vec::new();
    }
    let differs = told.iter().zip(&expected).find(|(told, expected)| told != expected);
    vec![format!("{} rows are told, not {}; first {differs:?}", told.len(), expected.len())]
}

fn every_contact_is_there_once(outcome: &Outcome, people: &People, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (_, _, item) in outcome.collection("contacts") {
        let data = &item["data"]["M"];
        let (email, name) = (text(data, "email"), text(data, "name"));
        let expected = people.contacts.get(email).is_some_and(|names| names.contains(name));
        if !seen.insert(email) || !expected {
            found.push(format!("{email}, called {name}, is in no row, or there twice"));
        }
    }
    let missing = people.contacts.keys().filter(|email| !seen.contains(email.as_str()));
    found.extend(missing.map(|email| format!("{email} is missing")));
}

fn each_was_added_once(outcome: &Outcome, people: &People, found: &mut Vec<String>) {
    let streams = outcome.streams.iter().filter(|(stream, _)| stream.contains("#contacts/"));
    let mut added = 0;
    for (stream, facts) in streams {
        added += 1;
        if facts.len() != 1 || facts[0].r#type != "contact.added" {
            found.push(format!("of {stream} it is told: {facts:?}"));
        }
    }
    if added != people.contacts.len() {
        found.push(format!("{added} contacts were added, and {} there", people.contacts.len()));
    }
}

fn each_is_found_by_address_and_by_name(
    outcome: &Outcome,
    people: &People,
    found: &mut Vec<String>,
) {
    let mut entries: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, by, _) in outcome.collection("contact-entries") {
        *entries.entry(by).or_default() += 1;
    }
    let contacts = people.contacts.len();
    if entries != BTreeMap::from([("email", contacts), ("name", contacts)]) {
        found.push(format!("{contacts} contacts have the entries {entries:?}"));
    }
}

fn each_import_happened_once(outcome: &Outcome, imports: &[String], found: &mut Vec<String>) {
    for import in imports {
        let stream = format!("demo#contact-imports/{import}");
        let facts = outcome.streams.get(&stream).map(Vec::as_slice).unwrap_or_default();
        let types: Vec<&str> = facts.iter().map(|fact| fact.r#type.as_str()).collect();
        let expected =
            ["contact_import.created", "contact_import.started", "contact_import.completed"];
        if types != expected {
            found.push(format!("{stream} is {types:?}"));
        }
    }
}
