//! `events/` holds what really is sent: a file that no test reads may say anything.

use crate::repository::{files, must_be_empty, sources};

#[test]
fn every_example_is_read_by_a_test() {
    let sources = sources(&[".rs"]);
    let tests: Vec<_> = sources
        .iter()
        .filter(|source| {
            let only_tests = source.path.starts_with("tests/") || source.path.contains("/tests/");
            only_tests || source.text.contains("#[cfg(test)]")
        })
        .collect();
    let read = |file: &str| {
        let quoted = [format!("\"{file}\""), format!("/events/{file}\"")];
        let reads = |line: &str| quoted.iter().any(|quoted| line.contains(quoted.as_str()));
        tests.iter().any(|source| source.code().any(|(_, line)| reads(line)))
    };
    let examples = files("events");
    assert!(!examples.is_empty(), "there are no examples");

    let violations: Vec<_> = examples
        .iter()
        .filter(|file| !read(file))
        .map(|file| format!("events/{file} is read by no test"))
        .collect();

    must_be_empty(&violations, "Start a test from it (`include_str!`, `fixture`), or delete it.");
}
