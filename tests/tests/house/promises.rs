//! What CONTRIBUTING.md and ARCHITECTURE.md say of promises and their tests is true of the tests there are.

use crate::repository::{must_be_empty, read, sources};

#[test]
fn every_test_that_keeps_a_promise_is_there() {
    let sources = sources(&[".rs", ".py"]);
    let is_there = |name: &str| {
        let declared = [format!("fn {name}("), format!("fn {name}<"), format!("def {name}(")];
        // All tests of a file go by its name.
        let file = format!("/{name}.py");
        sources.iter().any(|source| {
            source.path.ends_with(&file)
                || declared.iter().any(|declared| source.text.contains(declared.as_str()))
        })
    };

    let violations: Vec<_> = rows()
        .iter()
        .flat_map(|row| quoted(&row.fails).filter_map(test_name).map(str::to_owned))
        .filter(|name| !is_there(name))
        .map(|name| format!("there is no test {name}"))
        .collect();

    must_be_empty(&violations, "Name the test that now fails when the promise is broken.");
}

#[test]
fn every_test_that_proves_a_law_is_there() {
    let text = read("ARCHITECTURE.md");
    let (_, laws) =
        text.split_once("\n## Laws and what proves them").expect("the section is there");
    let (laws, _) = laws.split_once("\n## ").unwrap_or((laws, ""));
    let named = laws.lines().filter(|line| line.starts_with("| ")).flat_map(quoted);
    let named: Vec<_> = named.filter_map(|name| name.split_once("::")).collect();
    let sources = sources(&[".rs"]);
    let is_there = |module: &str, name: &str| {
        let (file, declared) = (format!("/acceptance/{module}.rs"), format!("fn {name}("));
        sources.iter().any(|source| source.path.ends_with(&file) && source.text.contains(&declared))
    };

    let violations: Vec<_> = named
        .iter()
        .filter(|(module, name)| !is_there(module, name))
        .map(|(module, name)| format!("there is no test {module}::{name}"))
        .collect();

    assert!(named.len() > 10, "only {} tests were found", named.len());
    must_be_empty(&violations, "Name the test that shows the law with real processes.");
}

#[test]
fn every_file_to_be_broken_is_there() {
    let sources = sources(&[".rs", ".py"]);
    let is_there = |file: &str| {
        let inside = format!("/{file}");
        sources.iter().any(|source| source.path == file || source.path.ends_with(&inside))
    };

    let violations: Vec<_> = rows()
        .iter()
        .flat_map(|row| quoted(&row.break_it).map(str::to_owned))
        .filter(|word| has_ending(word, "rs") || has_ending(word, "py"))
        .filter(|file| !is_there(file))
        .map(|file| format!("there is no file {file}"))
        .collect();

    must_be_empty(&violations, "Say where the promise is kept now.");
}

#[test]
fn tests_are_told_from_commands() {
    assert_eq!(
        test_name("kit leases::a_late_owner_changes_nothing"),
        Some("a_late_owner_changes_nothing")
    );
    assert_eq!(test_name("test_agreement.test_requests_agree"), Some("test_requests_agree"));
    assert_eq!(
        test_name("soak every_publish_takes_effect_once"),
        Some("every_publish_takes_effect_once")
    );
    assert_eq!(test_name("cargo test -p compile-fail"), None);
    assert_eq!(test_name(".ci/run template"), None);
}

/// What is to be broken, and what then fails.
struct Row {
    break_it: String,
    fails: String,
}

/// The rows of every table that begins with what to break.
fn rows() -> Vec<Row> {
    let text = read("CONTRIBUTING.md");
    let (_, promises) = text.split_once("\n## What to break").expect("the section is there");
    let rows: Vec<_> = promises
        .lines()
        .filter(|line| line.starts_with("| "))
        .filter_map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
            let [.., break_it, fails] = &cells[..] else { return None };
            Some(Row { break_it: (*break_it).to_owned(), fails: (*fails).to_owned() })
        })
        .collect();
    assert!(rows.len() > 100, "only {} promises were found", rows.len());
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The function a test is named by: the last name, of at least two words.
fn test_name(quoted: &str) -> Option<&str> {
    let name = quoted.rsplit([':', '.', ' ', '/']).next()?;
    let is_name =
        name.contains('_') && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
    is_name.then_some(name)
}

fn has_ending(word: &str, ending: &str) -> bool {
    word.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}
