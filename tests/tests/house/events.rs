//! `events/` holds what really is sent: a file that no test reads may say anything.

use crate::repository::{Source, files, must_be_empty, sources};

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

#[test]
fn every_version_of_a_message_that_shipped_has_its_example() {
    let examples = files("events/versions");
    let (mut violations, mut types) = (Vec::new(), 0);
    for source in sources(&[".rs"]).iter().filter(|source| is_business(source)) {
        let Some(r#type) = constant(source, "TYPE: &'static str") else { continue };
        let (r#type, version) = (r#type.trim_matches('"'), constant(source, "VERSION: u32"));
        let version: u32 = version.and_then(|version| version.parse().ok()).unwrap_or(1);
        types += 1;
        for version in 1..=version {
            let example = format!("{type}.v{version}.json");
            if !examples.contains(&example) {
                violations.push(format!("{}: no events/versions/{example}", source.path));
            } else if !source.text.contains(&example) {
                violations.push(format!("{} does not read {example}", source.path));
            }
        }
    }
    assert!(types > 0, "no message was found");

    must_be_empty(&violations, "Add the example, and read it in the message's own tests.");
}

fn is_business(source: &Source) -> bool {
    source.path.starts_with("shared/domain/src/") && !source.path.contains("/tests/")
}

/// The value of `const NAME: TYPE = VALUE;`.
fn constant<'a>(source: &'a Source, declared: &str) -> Option<&'a str> {
    let (_, rest) = source.text.split_once(&format!("const {declared} = "))?;
    rest.split(';').next()
}
