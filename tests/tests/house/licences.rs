//! What we may ship: the licence of every dependency is on the allow list in `deny.toml`.

use crate::repository::{metadata, must_be_empty, read};

#[test]
fn every_dependency_has_a_permitted_licence() {
    let permitted = permitted();
    // The targets that are deployed; other systems' crates are neither built nor downloaded.
    let metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let packages = metadata["packages"].as_array().expect("metadata has packages");

    let violations: Vec<_> = packages
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("(none named)");
            (!satisfied(licence, &permitted)).then(|| format!("{}: {licence}", package["name"]))
        })
        .collect();

    must_be_empty(
        &violations,
        "Use another crate, or allow the licence in deny.toml in a commit that says why it is safe to ship.",
    );
}

#[test]
fn no_copyleft_licence_is_ever_permitted() {
    let violations: Vec<_> = permitted()
        .into_iter()
        .filter(|licence| ["GPL", "SSPL", "BUSL"].iter().any(|family| licence.contains(family)))
        .map(|licence| format!("deny.toml allows {licence}"))
        .collect();

    must_be_empty(
        &violations,
        "Postroom is MIT OR Apache-2.0, and so must be what is built of it.",
    );
}

#[test]
fn a_choice_needs_one_permitted_licence_and_a_conjunction_all() {
    let permitted = ["MIT".to_owned(), "ISC".to_owned()];

    for licence in ["MIT", "MIT OR AGPL-3.0", "AGPL-3.0/MIT", "(AGPL-3.0 OR MIT) AND ISC"] {
        assert!(satisfied(licence, &permitted), "{licence}");
    }
    for licence in ["AGPL-3.0", "MIT AND AGPL-3.0", "MIT WITH some-exception", "(MIT OR ISC) AND X"]
    {
        assert!(!satisfied(licence, &permitted), "{licence}");
    }
}

/// The list `allow = […]` under `[licenses]`, which cargo-deny reads as well.
fn permitted() -> Vec<String> {
    let deny = read("deny.toml");
    let (_, list) = deny.split_once("\nallow = [").expect("deny.toml has a list of licences");
    let (list, _) = list.split_once(']').expect("the list is closed");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be met with permitted licences only. `/` is an older spelling of `OR`.
fn satisfied(expression: &str, permitted: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut position = 0;
    let met = any(&words, &mut position, permitted);
    assert_eq!(position, words.len(), "`{expression}` is not an SPDX expression");
    met
}

/// `all OR all …`; `AND` binds more tightly.
fn any(words: &[&str], position: &mut usize, permitted: &[String]) -> bool {
    let mut met = all(words, position, permitted);
    while words.get(*position) == Some(&"OR") {
        *position += 1;
        // Not `||`: the other side must be read either way.
        met |= all(words, position, permitted);
    }
    met
}

fn all(words: &[&str], position: &mut usize, permitted: &[String]) -> bool {
    let mut met = one(words, position, permitted);
    while words.get(*position) == Some(&"AND") {
        *position += 1;
        met &= one(words, position, permitted);
    }
    met
}

/// A parenthesis, or a licence with its exception.
fn one(words: &[&str], position: &mut usize, permitted: &[String]) -> bool {
    let word = words.get(*position).copied().unwrap_or_default();
    *position += 1;
    if word == "(" {
        let met = any(words, position, permitted);
        *position += 1;
        return met;
    }
    if words.get(*position) == Some(&"WITH") {
        let exception = words.get(*position + 1).copied().unwrap_or_default();
        *position += 2;
        return permitted.iter().any(|licence| *licence == format!("{word} WITH {exception}"));
    }
    permitted.iter().any(|licence| licence == word)
}
