//! The fingerprint of a failure: one for all letters that failed in the same way, so that they can be counted together.

use crate::id::{Fingerprint, TenantId, named};
use crate::stored::join;

/// The fingerprint of what `handler` (or, where there is none, the queue) failed with.
///
/// A UUID version 5 of the handler's name and of the shape of every cause. A cause's shape is what is left of its text
/// without whatever stands in double quotes, without the tenant in front of a key, and with each word that holds a digit
/// read as `#`: ids, numbers, times and quoted input all go. Equal words that follow each other count once, so that the
/// length of a list of ids goes too.
pub(super) fn fingerprint(
    handler: &str,
    tenant: Option<&TenantId>,
    causes: &[String],
) -> Fingerprint {
    let shapes: Vec<String> = causes.iter().map(|cause| shape(cause, tenant)).collect();
    let parts = ["failure", handler].into_iter().chain(shapes.iter().map(String::as_str));
    named(parts.map(str::as_bytes)).into()
}

fn shape(cause: &str, tenant: Option<&TenantId>) -> String {
    // As keys begin: errors of the kit name what they could not read or write by its key.
    let of_tenant = tenant.map(|tenant| join('#', &[tenant.as_str(), ""]));
    let cause = of_tenant.map_or_else(|| cause.to_owned(), |prefix| cause.replace(&prefix, ""));
    let unescaped = cause.replace("\\\"", "");
    // Text in double quotes is every second part.
    let unquoted = unescaped.split('"').step_by(2);
    let words = unquoted.flat_map(|part| part.split(|c: char| !is_of_a_word(c)));
    let mut words: Vec<&str> = words
        .filter(|word| !word.is_empty())
        .map(|word| if word.contains(char::is_numeric) { "#" } else { word })
        .collect();
    words.dedup();
    words.join(" ")
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(handler: &str, causes: &[&str]) -> Fingerprint {
        let causes: Vec<String> = causes.iter().map(|cause| (*cause).to_owned()).collect();
        fingerprint(handler, Some(&"demo".parse().unwrap()), &causes)
    }

    #[test]
    fn ids_numbers_times_and_quoted_input_do_not_tell_failures_apart() {
        for (left, right) in [
            (
                "order 019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11 no longer exists",
                "order 7b0c0000-0000-5000-8000-00000000000b no longer exists",
            ),
            ("asked to wait 3 s", "asked to wait 1200 s"),
            ("expired at 2026-11-21T09:30:00.000000Z", "expired at 2027-01-02T03:04:05.6Z"),
            ("rows 1, 2 and 3 are left", "rows 4, 12, 13, 14 and 7 are left"),
            (
                "invalid type: string \"a \\\" b\", expected u64",
                "invalid type: string \"\", expected u64",
            ),
        ] {
            assert_eq!(of("charge-card", &[left]), of("charge-card", &[right]), "{left}");
        }
    }

    #[test]
    fn the_tenant_of_a_key_does_not_tell_failures_apart() {
        let other: TenantId = "acme ltd#1".parse().unwrap();
        let causes = ["cannot read acme ltd%231#orders/7".to_owned()];

        let of_other = fingerprint("charge-card", Some(&other), &causes);

        assert_eq!(of_other, of("charge-card", &["cannot read demo#orders/1"]));
        assert_ne!(of_other, of("charge-card", &["cannot read demo#open-orders/1"]));
    }

    #[test]
    fn another_handler_cause_or_depth_is_another_failure() {
        let base = of("charge-card", &["the run failed", "the bank does not answer"]);

        for other in [
            of("tell-owner", &["the run failed", "the bank does not answer"]),
            of("charge-card", &["the run failed", "the bank refuses"]),
            of(
                "charge-card",
                &["the run failed", "the handler failed", "the bank does not answer"],
            ),
            of("charge-card", &["the run failed the bank does not answer"]),
        ] {
            assert_ne!(base, other);
        }
    }

    /// It groups letters over deployments and years: another way of making it would split them.
    #[test]
    fn a_fingerprint_stays_what_it_is() {
        let made = of("charge-card", &["the run failed", "order 1 is gone"]);

        assert_eq!(made.to_string(), "74628615-021a-5204-be6f-6f901ca13011");
    }
}
