//! One environment for all functions, in a file: what `cargo lambda watch --env-file` takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::template::{Function, REGION};

/// By this access key the AWS endpoint tells these calls from those of the functions that it runs itself.
const ACCESS_KEY: &str = "cargo-lambda";

/// Writes the environment: `NAME=value`, one a line; in quotes what has more in it than an address.
pub(super) fn write(path: &Path, functions: &[Function], aws_url: &str) -> io::Result<()> {
    let lines = environment(functions, aws_url)
        .into_iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)));
    fs::write(path, lines.collect::<String>())
}

fn quoted(value: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@,=+".contains(&byte);
    if value.bytes().all(is_plain) { value } else { format!("'{value}'") }
}

/// The variables of all functions, and how to reach the AWS endpoint.
///
/// A name means one thing in this repository, so that one environment serves them all. Where a template
/// gives it several values, it is left out: better missing, which is an error, than another function's.
fn environment(functions: &[Function], aws_url: &str) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    let mut ambiguous = Vec::new();
    for (name, value) in functions.iter().flat_map(|function| &function.environment) {
        match environment.insert(name.clone(), value.clone()) {
            Some(before) if before != *value => ambiguous.push(name),
            _ => {}
        }
    }
    environment.retain(|name, _| !ambiguous.contains(&name));
    let endpoint = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", aws_url),
    ];
    environment.extend(endpoint.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn function(environment: &[(&str, &str)]) -> Function {
        let variables =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Function {
            name: "one".to_owned(),
            full_name: "local-one".to_owned(),
            binary: "one".to_owned(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            log_format: None,
            log_level: None,
            environment: variables.collect(),
        }
    }

    #[test]
    fn the_file_has_the_variables_of_all_functions_but_none_of_two_minds() {
        let functions = [
            function(&[("STATE_TABLE", "local-state"), ("LIMIT", "1")]),
            function(&[("STATE_TABLE", "local-state"), ("LIMIT", "2"), ("QUEUE", "q")]),
            function(&[("LIMIT", "1"), ("SENDER", "Ann <ann@example.org>")]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");

        write(&path, &functions, "http://127.0.0.1:4566").unwrap();

        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "AWS_ACCESS_KEY_ID=cargo-lambda\n\
             AWS_ENDPOINT_URL=http://127.0.0.1:4566\n\
             AWS_REGION=us-east-1\n\
             AWS_SECRET_ACCESS_KEY=local\n\
             QUEUE=q\n\
             SENDER='Ann <ann@example.org>'\n\
             STATE_TABLE=local-state\n"
        );
    }
}
