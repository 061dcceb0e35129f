//! The `local` program: what it says when something is in its way, and that it leaves nothing behind.

use std::net::TcpListener;
use std::process::Output;

use local::binaries::{Binaries, BuildError};
use serde_json::{Value, json};
use tests::root;

use crate::serving::{Serving, command, eventually, free_port, functions_of};

fn local(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
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
    let mut serving = Serving::start(command(&["--quiet", "--aws-port", &aws_port]));
    let ready = serving.ready();
    let running = functions_of(&aws_port);

    let status = serving.interrupt();

    assert!(ready.starts_with("ready api=http://127.0.0.1:"), "{ready}");
    assert!(running.len() >= 3, "{running:?}");
    assert!(status.success(), "{status}");
    assert_eq!(functions_of(&aws_port), Vec::<String>::new());
}

#[test]
fn ctrl_c_during_the_build_leaves_no_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let compiling = folder.path().join("compiling");
    let mut command = command(&[]);
    command.env("CARGO", root().join("tests/testdata/cargo.sh")).env("COMPILING", &compiling);
    let mut serving = Serving::start(command);
    eventually("the build", || compiling.exists());

    let status = serving.interrupt();

    assert!(status.success(), "{status}");
    let compilers = std::fs::read_to_string(&compiling).unwrap();
    let compilers: Vec<_> = compilers.split_whitespace().map(str::to_owned).collect();
    assert_eq!(compilers.len(), 2);
    eventually("the end of the compilers", || !compilers.iter().any(|process| runs(process)));
}

#[test]
fn ctrl_c_while_functions_start_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let built = folder.path().join("built");
    let function = root().join("tests/testdata/function.sh");
    let artifacts = std::fs::read_dir(root().join("functions")).unwrap().map(|folder| {
        let name = folder.unwrap().file_name().into_string().unwrap();
        json!({"target": {"name": name}, "executable": function}).to_string() + "\n"
    });
    std::fs::write(&built, artifacts.collect::<String>()).unwrap();
    let aws_port = free_port();
    let mut command = command(&["--aws-port", &aws_port]);
    command.env("CARGO", root().join("tests/testdata/cargo.sh")).env("BUILT", &built);
    let mut serving = Serving::start(command);
    eventually("the start of a function", || !functions_of(&aws_port).is_empty());

    let status = serving.interrupt();

    assert!(status.success(), "{status}");
    eventually("the end of the functions", || functions_of(&aws_port).is_empty());
}

#[test]
fn a_token_is_required_where_it_is_asked_for_and_a_local_one_will_do() {
    let mut serving = Serving::start(command(&["--quiet", "--require-auth"]));
    let ready = serving.ready();
    let api = ready.split_whitespace().find_map(|word| word.strip_prefix("api=")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let get = |path: &str, token: &str| {
        let request = reqwest::Client::new().get(format!("{api}{path}")).bearer_auth(token);
        runtime.block_on(async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        })
    };

    let without = runtime.block_on(reqwest::get(format!("{api}/campaigns"))).unwrap().status();
    let (made, token) = get("/dev/token?tenant=acme", "");
    let token = token["token"].as_str().unwrap();

    assert_eq!((without.as_u16(), made), (401, 200));
    assert_eq!(get("/campaigns", "nonsense").0, 401);
    assert_eq!(get("/campaigns", token).0, 200);
    assert!(serving.interrupt().success());
}

/// Whether a process runs; one that ended and was not asked how does not.
fn runs(process: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}
