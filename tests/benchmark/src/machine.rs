//! What a run was made on.

use std::fs;
use std::thread;

use serde_json::{Value, json};

/// Processor, cores, kernel and profile: `{"figure": "machine", "processor": "AMD EPYC", "cores": 2, …}`.
pub fn describe() -> Value {
    json!({
        "figure": "machine",
        "processor": processor(),
        "cores": thread::available_parallelism().map_or(0, usize::from),
        "kernel": text("/proc/sys/kernel/osrelease"),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    })
}

fn processor() -> String {
    let described = text("/proc/cpuinfo");
    let model = described.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split_once(": ")).map(|(_, name)| name);
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}
