//! What must be of the money at the end: none lost, none made, and the same wherever one looks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::book::{Book, Fate};
use crate::money::OWNERS;
use crate::outcome::{Fact, Outcome, number, text};

/// An account, as its events make it or as it is shown: version, balance, movements.
type Account = (u64, i64, u64);

/// Every sentence about money that the outcome breaks.
pub(crate) fn violations(outcome: &Outcome, book: &Book) -> Vec<String> {
    let mut found = Vec::new();
    every_account_is_one_that_somebody_opened(outcome, book, &mut found);
    each_movement_happened_once_and_whole_or_not_at_all(outcome, book, &mut found);
    nothing_is_overdrawn(outcome, &mut found);
    views_are_what_their_events_make(outcome, &mut found);
    found
}

/// What all accounts hold, folded from the journal.
pub(crate) fn held(outcome: &Outcome) -> i64 {
    outcome.accounts().map(|(.., facts)| folded(facts).1).sum()
}

fn every_account_is_one_that_somebody_opened(
    outcome: &Outcome,
    book: &Book,
    found: &mut Vec<String>,
) {
    let there: BTreeSet<_> = outcome.accounts().map(|(tenant, id, _)| (tenant, id)).collect();
    let opened = book.accounts.iter().map(|(tenant, id)| (tenant.as_str(), id.as_str()));
    let opened: BTreeSet<_> = opened.collect();
    found.extend(opened.difference(&there).map(|lost| format!("the account {lost:?} is lost")));
    if there.len() > opened.len() + book.perhaps_opened {
        let (there, opened, more) = (there.len(), opened.len(), book.perhaps_opened);
        found.push(format!("{there} accounts, and not {opened} or up to {more} more"));
    }
}

/// By description: what was acknowledged, in all its legs; of what was given up, all or none; nothing else.
fn each_movement_happened_once_and_whole_or_not_at_all(
    outcome: &Outcome,
    book: &Book,
    found: &mut Vec<String>,
) {
    let mut booked: BTreeMap<&str, Vec<(String, i64)>> = BTreeMap::new();
    for (_, id, facts) in outcome.accounts() {
        for fact in facts.iter().filter(|fact| moved(fact) != 0) {
            let description = fact.data["description"].as_str().unwrap_or_default();
            booked.entry(description).or_default().push((id.to_owned(), moved(fact)));
        }
    }
    for movement in &book.movements {
        let mut legs = booked.remove(movement.description.as_str()).unwrap_or_default();
        let mut ordered = movement.legs.clone();
        ordered.sort();
        legs.sort();
        let right = match movement.fate {
            Fate::Done => legs == ordered,
            Fate::Refused => legs.is_empty(),
            Fate::Unknown => legs.is_empty() || legs == ordered,
        };
        if !right {
            found.push(format!("{movement:?} is booked as {legs:?}"));
        }
    }
    found.extend(booked.iter().map(|(what, legs)| format!("nobody ordered {what}: {legs:?}")));
}

fn nothing_is_overdrawn(outcome: &Outcome, found: &mut Vec<String>) {
    for (_, id, facts) in outcome.accounts() {
        let mut balance = 0;
        for fact in facts {
            balance += moved(fact);
            if balance < 0 {
                found.push(format!("account {id} is overdrawn at version {}", fact.version));
            }
        }
    }
}

/// The account, its list and the sum of its owner, each against a fold of the journal.
fn views_are_what_their_events_make(outcome: &Outcome, found: &mut Vec<String>) {
    let mut expected: BTreeMap<(&str, &str), Account> = BTreeMap::new();
    let (mut sums, mut listed) = (BTreeMap::new(), BTreeMap::new());
    for (tenant, id, facts) in outcome.accounts() {
        let account = folded(facts);
        expected.insert((tenant, id), account);
        let owner = facts[0].data["owner_id"].as_str().unwrap_or_default();
        *sums.entry((tenant, owner)).or_insert(0) += account.1;
        if !OWNERS.contains(&owner) {
            found.push(format!("account {id} belongs to {owner}"));
        }
        let moves = facts.iter().filter(|fact| moved(fact) != 0);
        let moves = moves.map(|fact| (fact.version, moved(fact)));
        listed.insert((tenant, id), moves.collect::<Vec<_>>());
    }
    let shown: BTreeMap<_, _> = outcome
        .collection("account-views@1")
        .map(|(tenant, _, item)| ((tenant, text(item, "sk")), view(item)))
        .collect();
    differ("accounts", &shown, &expected, found);
    let mut transactions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (tenant, account, item) in outcome.collection("account-transactions@1") {
        transactions.entry((tenant, account)).or_default().push(transaction(item));
    }
    for list in transactions.values_mut() {
        list.sort_unstable();
    }
    listed.retain(|_, moves| !moves.is_empty());
    differ("lists", &transactions, &listed, found);
    let summed: BTreeMap<_, _> = outcome
        .collection("owner-summaries@1")
        .map(|(tenant, owner, item)| ((tenant, owner), minor(item, "balance")))
        .collect();
    differ("sums", &summed, &sums, found);
}

fn differ<T: PartialEq + std::fmt::Debug>(
    what: &str,
    shown: &T,
    made: &T,
    found: &mut Vec<String>,
) {
    if shown != made {
        found.push(format!("{what} are shown as {shown:?}, and their events make {made:?}"));
    }
}

fn folded(facts: &[Fact]) -> Account {
    let moves = facts.iter().map(moved).filter(|moved| *moved != 0);
    let (sum, count) = moves.fold((0, 0), |(sum, count), moved| (sum + moved, count + 1));
    (facts.len() as u64, sum, count)
}

/// By how much an event moves the balance of its account.
fn moved(fact: &Fact) -> i64 {
    let minor = fact.data["amount"]["amount_minor"].as_i64().unwrap_or_default();
    match fact.r#type.as_str() {
        "money.deposited" => minor,
        "money.withdrawn" => -minor,
        _ => 0,
    }
}

fn view(item: &Value) -> Account {
    let data = &item["data"]["M"];
    let of = |name| number(data, name).unwrap_or_default();
    (of("version"), minor(item, "balance"), of("transaction_count"))
}

fn transaction(item: &Value) -> (u64, i64) {
    let data = &item["data"]["M"];
    let amount = minor(item, "amount");
    let came_in = text(data, "type") == "deposit";
    (number(data, "version").unwrap_or_default(), if came_in { amount } else { -amount })
}

fn minor(item: &Value, name: &str) -> i64 {
    let amount = &item["data"]["M"][name]["M"]["amount_minor"]["N"];
    amount.as_str().and_then(|minor| minor.parse().ok()).unwrap_or_default()
}
