//! The `local` program: what it says when something is in its way, and that it leaves nothing behind.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use local::binaries::{Binaries, BuildError};
use tests::{program, root};

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| program("local"));

fn local(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The program itself, not `cargo run`: a signal has to reach it.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM.as_path());
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
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

#[tokio::test]
async fn functions_that_do_not_compile_are_said_so() {
    let workspace = tempfile::tempdir().unwrap();
    std::fs::create_dir(workspace.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"broken\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(workspace.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(workspace.path().join("src/main.rs"), "fn main() { nonsense }").unwrap();

    let error = Binaries::build(workspace.path()).await.unwrap_err();

    assert!(matches!(error, BuildError::Failed { .. }));
    assert!(error.to_string().contains("do not compile"), "{error}");
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    let output = local(&["--no-such-option"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("--no-such-option"));
}

#[test]
fn the_demo_runs_the_main_job_draws_its_chain_and_leaves_no_process() {
    let aws_port = free_port();

    let output = local(&["demo", "--aws-port", &aws_port]);

    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{screen}\n{}", complaint(&output));
    let rows = [
        "publish-campaign",
        "└ campaign.published",
        "├ timeline",
        "├ plan-limit",
        "└ statistics.synced",
    ];
    for row in rows {
        assert!(screen.contains(row), "{row} is missing in\n{screen}");
    }
    assert_eq!(functions_of(&aws_port), Vec::<String>::new());
}

#[test]
fn a_demo_that_fails_says_why_and_exits_non_zero() {
    let output = local(&["demo", "--parameter", "PlanLiveCampaigns=0"]);

    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("plan-limit-reached"), "{}", complaint(&output));
}

#[test]
fn ctrl_c_stops_everything_and_leaves_no_process() {
    let aws_port = free_port();
    let arguments = ["--api-port", "0", "--provider-port", "0", "--quiet", "--aws-port", &aws_port];
    let mut serving =
        command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let running = functions_of(&aws_port);

    // To the program alone, as a terminal's Ctrl-C would not be: the functions must not depend on it.
    let sent = Command::new("kill").args(["-INT", &serving.id().to_string()]).status().unwrap();
    let status = serving.wait().unwrap();

    assert!(ready.starts_with("ready api=http://127.0.0.1:"), "{ready}");
    assert!(running.len() >= 3, "{running:?}");
    assert!(sent.success() && status.success(), "{status}");
    assert_eq!(functions_of(&aws_port), Vec::<String>::new());
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

/// The function processes that call the AWS endpoint on this port.
fn functions_of(aws_port: &str) -> Vec<String> {
    let endpoint = format!("AWS_ENDPOINT_URL=http://127.0.0.1:{aws_port}");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let functions = processes.filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == endpoint.as_bytes())
    });
    functions.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}
