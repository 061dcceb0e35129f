//! The `local` program: what it says when something is in its way, and that it leaves nothing behind.

use std::net::TcpListener;
use std::process::{Command, Output};

use tests::root;

fn local(arguments: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    command.args(["run", "--quiet", "--bin", "local", "--"]).args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.output().unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    for option in ["--api-port", "--aws-port", "--provider-port"] {
        let mut arguments = vec!["--api-port", "0", "--aws-port", "0", "--provider-port", "0"];
        arguments.extend([option, &port]);
        let output = local(&arguments);

        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&port) && said.contains(option), "{said}");
    }
}

#[test]
fn a_missing_template_is_named() {
    let output = local(&["--template", "no/such/template.yaml", "--api-port", "0"]);

    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("no/such/template.yaml"), "{}", complaint(&output));
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    let output = local(&["--no-such-option"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("--no-such-option"));
}

#[test]
fn the_demo_runs_the_main_job_draws_its_chain_and_leaves_no_process() {
    let output = local(&["demo"]);

    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{screen}\n{}", complaint(&output));
    for row in [
        "publish-campaign",
        "└ campaign.published",
        "├ timeline",
        "├ plan-limit",
        "sync-statistics",
        "└ statistics.synced",
    ] {
        assert!(screen.contains(row), "{row} is missing in\n{screen}");
    }
}
