//! The secrets of endpoints, as one text that is kept somewhere safe.
//!
//! ```json
//! [{"tenant": "demo", "secrets": ["whsec_…", "whsec_…"]}, {"tenant": "acme", "secrets": ["whsec_…"]}]
//! ```
//! Several of one tenant are all in force, as while one is rolled. None is in force twice: it would not say whose a webhook is.

use std::collections::BTreeSet;

use postroom::{SecretText, TenantId};
use serde::Deserialize;

use crate::webhooks::Signature;

/// What every secret of Stripe begins with, and how long it is at least; an empty one anybody could sign with.
const PREFIX: &str = "whsec_";
const LEAST_CHARS: usize = 24;
/// The most secrets of all tenants together: each is tried on what nobody signed.
const MOST: usize = 100;

/// Who may sign, and for which tenant.
#[derive(Debug, Default)]
pub struct EndpointSecrets(Vec<(TenantId, SecretText)>);

/// What is kept is not of the form above. Permanent, until somebody mends it; it says nothing of what is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secrets of endpoints cannot be read: {reason}")]
pub struct UnreadableSecrets {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    tenant: TenantId,
    secrets: Vec<String>,
}

impl EndpointSecrets {
    /// Reads what is kept.
    ///
    /// # Errors
    /// [`UnreadableSecrets`]
    pub fn read(kept: &SecretText) -> Result<Self, UnreadableSecrets> {
        let unreadable = |reason: String| UnreadableSecrets { reason };
        // Serde's own words may quote what they are about.
        let endpoints: Vec<Endpoint> = serde_json::from_str(kept.reveal()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            unreadable(format!("no list of tenants and secrets at line {line}, column {column}"))
        })?;
        let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
        for Endpoint { tenant, secrets } in &endpoints {
            for secret in secrets {
                if !secret.starts_with(PREFIX) || secret.chars().count() < LEAST_CHARS {
                    return Err(unreadable(format!(
                        "a secret of {tenant} is not `{PREFIX}` and more, {LEAST_CHARS} characters at least"
                    )));
                }
                if !seen.insert(secret) {
                    return Err(unreadable(format!("a secret of {tenant} is there twice")));
                }
                all.push((tenant.clone(), SecretText::new(secret.clone())));
            }
        }
        if all.len() > MOST {
            return Err(unreadable(format!("there are {}, and at most {MOST}", all.len())));
        }
        Ok(Self(all))
    }

    /// Whose endpoint a body was signed for; `None`: for none of them.
    pub fn signer(&self, signature: &Signature, body: &[u8]) -> Option<&TenantId> {
        let signed = self.0.iter().find(|(_, secret)| signature.fits(secret, body));
        signed.map(|(tenant, _)| tenant)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn secret(number: usize) -> String {
        format!("{PREFIX}{number:0>18}")
    }

    fn read(kept: &Value) -> Result<EndpointSecrets, UnreadableSecrets> {
        EndpointSecrets::read(&SecretText::new(kept.to_string()))
    }

    fn unreadable(kept: &str) -> String {
        let read = EndpointSecrets::read(&SecretText::new(kept.to_owned()));
        read.unwrap_err().to_string()
    }

    #[test]
    fn all_secrets_of_all_tenants_are_in_force() {
        let kept = json!([
            { "tenant": "demo", "secrets": [secret(1), secret(2)] },
            { "tenant": "acme", "secrets": [secret(3)] },
            { "tenant": "none", "secrets": [] },
        ]);

        let EndpointSecrets(all) = read(&kept).unwrap();

        let all: Vec<_> = all.iter().map(|(tenant, one)| (tenant.as_str(), one.reveal())).collect();
        let [one, two, three] = [secret(1), secret(2), secret(3)];
        assert_eq!(all, [("demo", one.as_str()), ("demo", &two), ("acme", &three)]);
        assert!(read(&json!([])).unwrap().0.is_empty());
    }

    #[test]
    fn a_secret_that_anybody_could_guess_is_none() {
        for weak in ["", "whsec_", "whsec_0123456789abcdef0", "0123456789abcdef012345678"] {
            let kept = json!([{ "tenant": "demo", "secrets": [weak] }]);
            assert!(read(&kept).is_err(), "{weak:?}");
        }
        assert!(
            read(&json!([{ "tenant": "demo", "secrets": ["whsec_0123456789abcdef01"] }])).is_ok()
        );
    }

    #[test]
    fn a_secret_of_two_tenants_or_twice_of_one_is_refused() {
        let kept = |one: &str, other: &str| json!([{ "tenant": one, "secrets": [secret(1)] }, { "tenant": other, "secrets": [secret(1)] }]);

        assert!(read(&kept("demo", "acme")).is_err());
        assert!(read(&kept("demo", "demo")).is_err());
    }

    #[test]
    fn there_are_a_hundred_secrets_at_most() {
        let kept = |count| {
            let secrets: Vec<_> = (0..count).map(secret).collect();
            json!([{ "tenant": "demo", "secrets": secrets }])
        };

        assert!(read(&kept(MOST)).is_ok());
        assert!(read(&kept(MOST + 1)).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        for kept in [
            r#""whsec_hidden""#,
            r#"{"demo": ["whsec_hidden"]}"#,
            r#"[{"tenant": "demo", "secrets": "whsec_hidden"}]"#,
            r#"[{"tenant": "demo", "secrets": ["hidden"]}]"#,
            r#"[{"tenant": "demo", "secrets": [], "whsec_hidden": 1}]"#,
            r#"[{"tenant": "demo", "secrets": ["whsec_hidden0123456789abcdef", "whsec_hidden0123456789abcdef"]}]"#,
            "whsec_hidden",
            "",
        ] {
            let message = unreadable(kept);
            assert!(!message.contains("hidden"), "{kept}: {message}");
        }
    }
}
