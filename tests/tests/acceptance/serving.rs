//! The `local` program as a process: started, asked, interrupted, killed.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tests::{program, root};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| program("local"));

/// The program itself, not `cargo run`: a signal has to reach it.
pub(crate) fn command(arguments: &[&str]) -> Command {
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

/// The program, serving; killed if a test fails before it stopped.
pub(crate) struct Serving {
    child: Child,
}

impl Serving {
    /// On free ports, but for those that the command names.
    pub(crate) fn start(mut command: Command) -> Self {
        for option in ["--api-port", "--aws-port", "--provider-port"] {
            if !command.get_args().any(|argument| argument == option) {
                command.args([option, "0"]);
            }
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Self { child: command.spawn().unwrap() }
    }

    /// The line that says where it serves.
    pub(crate) fn ready(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// To the program alone, as a terminal's Ctrl-C would not be: what it started must not depend on it.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Serving {
    /// By SIGKILL, with which nothing is finished and nothing said.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn eventually(what: &str, happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        sleep(Duration::from_millis(20));
    }
}

pub(crate) fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

/// The function processes that call the AWS endpoint on this port.
pub(crate) fn functions_of(aws_port: &str) -> Vec<String> {
    let endpoint = format!("AWS_ENDPOINT_URL=http://127.0.0.1:{aws_port}");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let functions = processes.filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == endpoint.as_bytes())
    });
    functions.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}
