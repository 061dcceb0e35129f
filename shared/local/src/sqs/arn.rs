//! Names of queues: the bare name, the ARN `arn:aws:sqs:us-east-1:000000000000:NAME`, the URL.

use super::SqsError;

/// The account that all local resources belong to.
pub(crate) const ACCOUNT: &str = "000000000000";

const ARN_PREFIX: &str = "arn:aws:sqs:us-east-1:000000000000:";

/// The ending that makes a queue a FIFO queue.
pub(crate) const FIFO_SUFFIX: &str = ".fifo";

// The AWS SDKs' service model of SQS, as in botocore 1.43.11, read 2026-11-21. The
// limit includes the suffix.
const NAME_CHARACTERS: usize = 80;

pub(crate) fn queue_arn(name: &str) -> String {
    format!("{ARN_PREFIX}{name}")
}

/// The queue that an ARN names, if it is one of this account and region.
pub(crate) fn queue_of_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix(ARN_PREFIX)
}

/// The queue that a URL names. Only the last path segment counts: the same queue is reached by
/// `localhost`, `127.0.0.1` and whatever port a proxy listens on.
pub(crate) fn queue_of_url(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// # Errors
///
/// `InvalidParameterValue` when SQS would not take the name.
pub(crate) fn check_queue_name(name: &str) -> Result<(), SqsError> {
    let stem = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if stem.is_empty() || name.len() > NAME_CHARACTERS || !stem.chars().all(allowed) {
        return Err(SqsError::InvalidParameterValue {
            parameter: "QueueName",
            reason: format!(
                "{name:?} is not 1 to {NAME_CHARACTERS} letters, digits, hyphens and underscores"
            ),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_path_segment_of_a_url_names_the_queue() {
        let urls = ["http://127.0.0.1:4566/000000000000/jobs", "https://x/y/jobs/", "jobs"];

        let names = urls.map(queue_of_url);

        assert_eq!(names, ["jobs", "jobs", "jobs"]);
    }

    #[test]
    fn a_name_may_have_eighty_characters_and_not_one_more() {
        let longest = "q".repeat(80);

        let verdicts = [
            check_queue_name(&longest).is_ok(),
            check_queue_name(&format!("{longest}q")).is_ok(),
            check_queue_name("jobs.fifo").is_ok(),
            check_queue_name(".fifo").is_ok(),
            check_queue_name("a b").is_ok(),
        ];

        assert_eq!(verdicts, [true, false, true, false, false]);
    }
}
