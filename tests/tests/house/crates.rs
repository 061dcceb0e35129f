//! Which crate may use which.

use serde_json::Value;

use crate::repository::{folders, metadata, must_be_empty, read};

/// Which workspace crates each workspace crate may name; the arrow points inwards.
const ALLOWED: &[(&str, &[&str])] = &[
    ("postroom", &[]),
    ("domain", &["postroom"]),
    ("postroom-aws", &["postroom"]),
    ("ad-provider", &["domain", "postroom"]),
    ("api", &["domain", "postroom", "postroom-aws"]),
    ("collect-dead-letters", &["domain", "postroom", "postroom-aws"]),
    ("generate-reports", &["domain", "postroom", "postroom-aws"]),
    ("import-contacts", &["domain", "postroom", "postroom-aws"]),
    ("project-views", &["domain", "postroom", "postroom-aws"]),
    ("relay-outbox", &["domain", "postroom-aws"]),
    ("run-trials", &["domain", "postroom", "postroom-aws"]),
    ("schedule-statistics", &["domain", "postroom", "postroom-aws"]),
    ("send-notifications", &["domain", "postroom", "postroom-aws"]),
    ("settle-payments", &["domain", "postroom", "postroom-aws"]),
    ("sync-campaign", &["ad-provider", "domain", "postroom", "postroom-aws"]),
    ("sync-statistics", &["ad-provider", "domain", "postroom", "postroom-aws"]),
    ("local", &["postroom", "postroom-aws"]),
    ("cli", &["domain", "postroom", "postroom-aws"]),
    ("compile-fail", &["postroom"]),
    ("tests", &["domain", "local", "postroom", "postroom-aws"]),
    ("benchmark", &["domain", "local", "postroom", "postroom-aws", "tests"]),
    ("peers", &[]),
    ("simulation", &["postroom"]),
];

/// Who may know that it runs on Lambda.
const LAMBDAS: &[&str] = &[
    "postroom-aws",
    "api",
    "collect-dead-letters",
    "generate-reports",
    "import-contacts",
    "project-views",
    "relay-outbox",
    "run-trials",
    "schedule-statistics",
    "send-notifications",
    "settle-payments",
    "sync-campaign",
    "sync-statistics",
    "peers",
];

/// Crates from outside that only some of ours may name, by how their names begin.
const RESERVED: &[(&str, &[&str])] = &[
    ("aws-", &["postroom-aws", "peers"]),
    ("aws_lambda_events", LAMBDAS),
    ("serde_dynamo", &["postroom-aws", "peers"]),
    ("lambda_", LAMBDAS),
    ("dynoxide", &["local"]),
];

#[test]
fn dependencies_point_inwards() {
    let metadata = metadata(&["--no-deps"]);
    let packages = packages(&metadata);

    let violations: Vec<_> = arrows(&packages)
        .filter(|(_, to)| packages.iter().any(|package| package["name"] == *to))
        .filter(|(from, to)| !allowed(from).is_some_and(|allowed| allowed.contains(to)))
        .map(|(from, to)| format!("{from} uses {to}"))
        .collect();

    must_be_empty(
        &violations,
        "Turn the dependency round with a port in the inner crate, or, where the arrow is right, \
         add it to ALLOWED in a commit of its own with the reason.",
    );
}

#[test]
fn panics_of_what_is_deployed_can_be_caught() {
    let manifest = read("Cargo.toml");
    let (_, release) = manifest.split_once("\n[profile.release]\n").expect("a release profile");
    let release = release.split("\n[").next().unwrap_or_default();

    assert!(
        release.lines().any(|line| line == "panic = \"unwind\""),
        "Leave it at unwind: one poison message must not take its batch with it."
    );
}

#[test]
fn every_crate_is_listed_with_its_arrows() {
    let metadata = metadata(&["--no-deps"]);

    let violations: Vec<_> = packages(&metadata)
        .iter()
        .map(|package| name(package))
        .filter(|name| allowed(name).is_none())
        .map(|name| format!("{name} is not in ALLOWED"))
        .collect();

    must_be_empty(&violations, "Add the crate to ALLOWED with the crates it may use.");
}

#[test]
fn every_permitted_arrow_is_used() {
    let metadata = metadata(&["--no-deps"]);
    let packages = packages(&metadata);
    let used: Vec<_> = arrows(&packages).collect();

    let violations: Vec<_> = ALLOWED
        .iter()
        .flat_map(|(from, permitted)| permitted.iter().map(move |to| (*from, *to)))
        .filter(|arrow| !used.contains(arrow))
        .map(|(from, to)| format!("{from} does not use {to}"))
        .collect();

    must_be_empty(&violations, "Take it out of ALLOWED: the next who needs it says why.");
}

#[test]
fn every_dependency_of_the_workspace_table_is_used() {
    let metadata = metadata(&["--no-deps"]);
    let packages = packages(&metadata);
    let used: Vec<_> = arrows(&packages).map(|(_, to)| to).collect();
    let text = read("Cargo.toml");
    let (_, table) = text.split_once("[workspace.dependencies]").expect("there is a table");
    let (table, _) = table.split_once("\n[").expect("the table is not the last");

    let violations: Vec<_> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .filter(|(dependency, _)| !used.contains(dependency))
        .map(|(dependency, _)| format!("nobody uses {dependency}"))
        .collect();

    must_be_empty(&violations, "Take the row out of the table.");
}

#[test]
fn outside_crates_stay_behind_their_adapters() {
    let metadata = metadata(&["--no-deps"]);
    let packages = packages(&metadata);

    let violations: Vec<_> = arrows(&packages)
        .filter(|(from, to)| {
            RESERVED.iter().any(|(start, users)| to.starts_with(start) && !users.contains(from))
        })
        .map(|(from, to)| format!("{from} uses {to}"))
        .collect();

    must_be_empty(
        &violations,
        "Reach AWS through a port of the kit; its adapter is in postroom-aws.",
    );
}

#[test]
fn every_function_is_a_folder_a_package_and_a_binary_of_one_name() {
    let metadata = metadata(&["--no-deps"]);
    let packages = packages(&metadata);

    let violations: Vec<_> = folders("functions")
        .into_iter()
        .filter(|folder| {
            let package = packages.iter().find(|package| name(package) == folder);
            package.is_none_or(|package| binaries(package) != [folder.as_str()])
        })
        .map(|folder| format!("functions/{folder} is not one package with one binary `{folder}`"))
        .collect();

    must_be_empty(&violations, "Name the package and its only binary as the folder is named.");
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let metadata = metadata(&["--no-deps"]);

    let violations: Vec<_> = packages(&metadata)
        .iter()
        .filter(|package| !manifest(package).contains("[lints]\nworkspace = true"))
        .map(|package| format!("{} has no `[lints] workspace = true`", name(package)))
        .collect();

    must_be_empty(&violations, "Add the two lines; without them no lint of the house applies.");
}

fn packages(metadata: &Value) -> Vec<&Value> {
    metadata["packages"].as_array().expect("metadata has packages").iter().collect()
}

fn manifest(package: &Value) -> String {
    let path = package["manifest_path"].as_str().expect("a package has a manifest");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a package has a name")
}

/// Every dependency of ours, as (who, whom); tests and build scripts included.
fn arrows<'a>(packages: &[&'a Value]) -> impl Iterator<Item = (&'a str, &'a str)> {
    packages.iter().flat_map(|package| {
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
        dependencies.iter().map(|dependency| (name(package), name(dependency)))
    })
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    ALLOWED.iter().find(|(listed, _)| *listed == name).map(|(_, allowed)| *allowed)
}

fn binaries(package: &Value) -> Vec<&str> {
    let targets = package["targets"].as_array().expect("a package has targets");
    targets.iter().filter(|target| target["kind"] == serde_json::json!(["bin"])).map(name).collect()
}
