//! The functions' programs, built with cargo.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::{env, io};

use serde_json::Value;
use tokio::process::Command;

use crate::process_group::ProcessGroup;

/// Variables that `cargo run` and `cargo test` set for us. Passed on to another cargo they would
/// look like a changed environment to build scripts, and rebuild the world.
const OURS: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// Why the functions' programs are not there.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo itself could not be started.
    #[error("cannot run {}", cargo.display())]
    Cargo {
        cargo: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The functions do not compile; the compiler's output is on standard error.
    #[error("the functions do not compile ({status}): see the compiler's output above")]
    Failed { status: ExitStatus },
    /// The template names a program that the workspace does not have.
    #[error("function {function} has no program: no package of the workspace builds `{binary}`")]
    Missing { function: String, binary: String },
}

/// Where each built program is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binaries {
    by_name: BTreeMap<String, PathBuf>,
}

impl Binaries {
    /// Builds all programs of the workspace in the profile that we run in.
    ///
    /// Progress and errors of the compiler go to our standard error.
    ///
    /// # Errors
    /// [`BuildError::Cargo`] and [`BuildError::Failed`].
    pub async fn build(workspace: &Path) -> Result<Self, BuildError> {
        let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--bins", "--message-format=json-render-diagnostics"])
            .current_dir(workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .kill_on_drop(true);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_ours) {
                command.env_remove(name);
            }
        }
        let unusable = |source| BuildError::Cargo { cargo: cargo.clone(), source };
        let child = command.spawn().map_err(unusable)?;
        // Whoever stops waiting for us stops the compilers too, which a dead cargo would leave behind.
        let compilers = ProcessGroup::of(&child);
        let output = child.wait_with_output().await.map_err(unusable)?;
        drop(compilers);
        if !output.status.success() {
            return Err(BuildError::Failed { status: output.status });
        }
        Ok(Self::from_messages(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The program of a function.
    ///
    /// # Errors
    /// [`BuildError::Missing`] if the workspace does not build it.
    pub fn find(&self, function: &str, binary: &str) -> Result<PathBuf, BuildError> {
        self.by_name.get(binary).cloned().ok_or_else(|| BuildError::Missing {
            function: function.to_owned(),
            binary: binary.to_owned(),
        })
    }

    /// Reads cargo's messages: only it knows where the target directory is.
    ///
    /// `{"reason": "compiler-artifact", "target": {"name": "api"}, "executable": "/…/api"}`
    fn from_messages(messages: &str) -> Self {
        let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
        let programs = messages.filter_map(|message: Value| {
            let path = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
        });
        Self { by_name: programs.collect() }
    }
}

impl FromIterator<(String, PathBuf)> for Binaries {
    fn from_iter<I: IntoIterator<Item = (String, PathBuf)>>(programs: I) -> Self {
        Self { by_name: programs.into_iter().collect() }
    }
}

/// The root of the workspace: where we are, or else where we were compiled.
pub fn workspace_root() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("infra/template.yaml").is_file());
    let compiled = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.map_or_else(compiled, Path::to_owned)
}

fn is_ours(variable: &str) -> bool {
    OURS.iter().any(|prefix| variable.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_where_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"domain"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"api"},"executable":"/t/api"}"#,
            "\nnot json\n",
            r#"{"reason":"build-finished","success":true}"#,
        );

        let binaries = Binaries::from_messages(messages);

        assert_eq!(binaries.find("api", "api").unwrap(), Path::new("/t/api"));
        let missing = binaries.find("relay", "relay-outbox").unwrap_err().to_string();
        assert!(missing.contains("relay-outbox"), "{missing}");
    }

    #[test]
    fn only_what_cargo_set_for_us_is_taken_away() {
        assert!(is_ours("CARGO_PKG_NAME") && is_ours("CARGO_MANIFEST_DIR"));
        assert!(!is_ours("CARGO_HOME") && !is_ours("CARGO_TARGET_DIR") && !is_ours("PATH"));
    }
}
