//! Reading the repository, and how a rule fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Where people write; everything else is built, downloaded or data.
const SOURCES: &[&str] = &["functions", "shared", "tests", ".ci"];

/// A text file of the repository.
pub(crate) struct Source {
    /// From the root, with `/`: `shared/domain/src/lib.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The numbered lines without `//` comments; a `//` inside a string ends the line too early, never too late.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
    }
}

/// Fails with every violation, and with what to do.
///
/// # Panics
/// Panics if there is a violation: that is how a test fails.
#[track_caller]
pub(crate) fn must_be_empty(violations: &[String], remedy: &str) {
    assert!(violations.is_empty(), "\n  {}\n\n  {remedy}\n", violations.join("\n  "));
}

/// The text of one file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

/// The sorted names of the folders directly inside one.
pub(crate) fn folders(path: &str) -> Vec<String> {
    let mut names: Vec<_> = entries(&root().join(path))
        .filter(|entry| entry.is_dir())
        .map(|entry| entry.file_name().expect("an entry has a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every file below a folder, by its path from there.
pub(crate) fn files(path: &str) -> Vec<String> {
    let folder = root().join(path);
    let mut found = Vec::new();
    let mut pending = vec![folder.clone()];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(entries(&path));
        } else {
            let below = path.strip_prefix(&folder).expect("found below the folder");
            found.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

/// Every file people wrote whose name ends so: `.rs`.
pub(crate) fn sources(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = SOURCES.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(entries(&path).filter(|entry| !entry.ends_with("__pycache__")));
            continue;
        }
        let from_root = path.strip_prefix(root()).expect("found below the root");
        let from_root = from_root.to_string_lossy().replace('\\', "/");
        if endings.iter().any(|ending| from_root.ends_with(ending)) {
            found.push(Source { text: read(&from_root), path: from_root });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// What `cargo metadata` knows.
pub(crate) fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()))
        .map(|entry| entry.expect("an entry can be read").path())
}
