//! How the template's functions are started.

use std::collections::BTreeMap;

use crate::binaries::{Binaries, BuildError};
use crate::lambda::Launch;
use crate::mapping;
use crate::template::{Function, REGION, Stack, StreamMapping};

/// The most environments of the function behind the gateway; like all others they are started as they are needed.
const API_ENVIRONMENTS: usize = 4;
/// For what calls a worker besides its queues: its schedules, each of which waits for itself, and people.
const MORE_ENVIRONMENTS: usize = 1;

/// The launches of all functions.
pub(super) fn launches(
    stack: &Stack,
    binaries: &Binaries,
    aws_url: &str,
) -> Result<Vec<Launch>, BuildError> {
    stack.functions.iter().map(|function| launch(function, stack, binaries, aws_url)).collect()
}

fn launch(
    function: &Function,
    stack: &Stack,
    binaries: &Binaries,
    aws_url: &str,
) -> Result<Launch, BuildError> {
    let is_api = stack.routes.iter().any(|route| route.function == function.name);
    let mappings = stack.mappings.iter().filter(|mapping| mapping.function == function.name);
    let batches: usize = mappings.map(mapping::concurrency).sum();
    // A shard hands over one batch at a time, and the database has one for each table.
    let is_its = |mapping: &&StreamMapping| mapping.function == function.name;
    let shards = stack.stream_mappings.iter().filter(is_its).count();
    Ok(Launch {
        function: function.name.clone(),
        program: binaries.find(&function.name, &function.binary)?,
        arguments: Vec::new(),
        environment: environment(function, aws_url),
        timeout: function.timeout,
        environments: if is_api { API_ENVIRONMENTS } else { batches + shards + MORE_ENVIRONMENTS },
    })
}

/// The variables that Lambda sets, with the template's own.
///
/// The access key is the function's name: by it the AWS endpoint knows the caller.
// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>, named from memory 2026-11-21.
fn environment(function: &Function, aws_url: &str) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    let given = [
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_ACCESS_KEY_ID", function.name.clone()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ENDPOINT_URL", aws_url.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.full_name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.full_name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ];
    environment.extend(given.map(|(name, value)| (name.to_owned(), value)));
    let logging = [
        ("AWS_LAMBDA_LOG_FORMAT", &function.log_format),
        ("AWS_LAMBDA_LOG_LEVEL", &function.log_level),
    ];
    for (name, value) in logging {
        environment.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    environment
}
