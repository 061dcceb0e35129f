//! What may stand in a source file.

use crate::repository::{Source, must_be_empty, sources};

/// Longer files hold two ideas.
const LINES_OF_A_FILE: usize = 400;
/// Environment, adapters, app, run; decisions are elsewhere.
const LINES_OF_A_FUNCTIONS_MAIN: usize = 40;

/// Parts of words that belong to AWS.
const AWS: &[&str] = &["aws", "dynamo", "sqs", "sns", "lambda", "cloudwatch", "dynoxide"];
/// Ways to reach outside. Time and ids arrive as parameters, the rest through ports.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "tokio::fs",
    "tokio::net",
    "tokio::process",
    "hyper",
    "reqwest",
];
/// Ways past the clock and past whoever polls: what took them would not be the same run twice.
const RUNTIME: &[&str] =
    &["tokio::time", "tokio::spawn", "tokio::task", "instant::now", "timestamp::now", "zoned::now"];
/// Where the machine's own clock and ids are.
const OF_THE_MACHINE: &[&str] = &["shared/postroom/src/clock.rs", "shared/postroom/src/id.rs"];
/// Where AWS's configuration and HTTP client are made.
const CLIENTS: &str = "shared/postroom-aws/src/client.rs";
/// Ways to make another one: a second reads its roots again, and shares no connections.
const CLIENT: &[&str] = &[
    "load_defaults",
    "load_from_env",
    "from_env()",
    "sdkconfig::builder",
    "build_http",
    "truststore",
];
/// Parts of words that belong to the business. `provider` alone is also the SDK's word for credentials.
const BUSINESS: &[&str] = &[
    "ad provider",
    "ad-provider",
    "ad_provider",
    "advert",
    "budget",
    "campaign",
    "facebook",
    "ledger",
    "plan-limit",
    "provider_url",
    "statistic",
    "timeline",
];

#[test]
fn no_file_is_longer_than_its_limit() {
    let violations: Vec<_> = sources(&[".rs", ".py", ".ci/run"])
        .iter()
        .filter_map(|source| {
            let (lines, limit) = (source.text.lines().count(), limit(&source.path));
            (lines > limit).then(|| format!("{}: {lines} lines of {limit}", source.path))
        })
        .collect();

    must_be_empty(
        &violations,
        "Find the second idea in the file and give it its own; a function's `main` decides nothing.",
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not break its own rule.
    let words =
        [concat!("#[ig", "nore"), concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!(")];

    let violations = found(&sources(&[".rs", ".py", ".ci/run"]), &words, Text::Whole);

    must_be_empty(&violations, "Do it now or leave it out; a test that is not run is deleted.");
}

#[test]
fn one_file_makes_the_clients_of_aws() {
    let mut deployed = of(&["functions/", "shared/postroom-aws/"]);
    let count = deployed.len();
    deployed.retain(|source| source.path != CLIENTS);
    assert_eq!(deployed.len() + 1, count, "{CLIENTS} is where clients are made");

    let violations = found(&deployed, CLIENT, Text::Code);

    must_be_empty(&violations, "Make it of `Aws::connect`: a second client costs a second start.");
}

#[test]
fn the_kit_and_the_business_know_no_aws() {
    let violations = found(&of(&["shared/postroom/", "shared/domain/"]), AWS, Text::Code);

    must_be_empty(
        &violations,
        "Say what is needed as a port; how AWS does it belongs in postroom-aws. A comment may name the limit it obeys.",
    );
}

#[test]
fn the_kit_and_the_business_do_no_input_or_output() {
    let violations =
        found(&of(&["shared/postroom/src/", "shared/domain/src/"]), OUTSIDE, Text::Code);

    must_be_empty(&violations, "Take it as a parameter or through a port.");
}

#[test]
fn the_kit_asks_ports_for_the_time_and_starts_nothing() {
    let mut kit = of(&["shared/postroom/src/"]);
    kit.retain(|source| !OF_THE_MACHINE.contains(&source.path.as_str()));

    let violations = found(&kit, RUNTIME, Text::Code);

    must_be_empty(&violations, "Ask `Clock`, and await what you start: it runs in simulations.");
}

#[test]
fn the_kit_knows_no_business() {
    let kit = of(&["shared/postroom/", "shared/postroom-aws/"]);

    let violations = found(&kit, BUSINESS, Text::Whole);

    must_be_empty(
        &violations,
        "Keep the word out of the kit, examples included: an order, a parcel or a letter explains it as well.",
    );
}

/// How much of a file a rule is about.
#[derive(Clone, Copy)]
enum Text {
    Whole,
    Code,
}

/// Every line that contains one of the words. A lower-case word is found in any case.
fn found(sources: &[Source], words: &[&str], text: Text) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let lines: Vec<(usize, &str)> = match text {
            Text::Whole => {
                source.text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect()
            }
            Text::Code => source.code().collect(),
        };
        for (number, line) in lines {
            let lower = line.to_lowercase();
            let hit = words.iter().find(|word| line.contains(**word) || lower.contains(**word));
            violations.extend(hit.map(|word| format!("{}:{number}: `{word}`", source.path)));
        }
    }
    violations
}

fn of(folders: &[&str]) -> Vec<Source> {
    let mut sources = sources(&[".rs"]);
    sources.retain(|source| folders.iter().any(|folder| source.path.starts_with(folder)));
    sources
}

fn limit(path: &str) -> usize {
    if path.starts_with("functions/") && path.ends_with("/src/main.rs") {
        LINES_OF_A_FUNCTIONS_MAIN
    } else {
        LINES_OF_A_FILE
    }
}
