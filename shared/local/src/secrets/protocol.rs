//! JSON 1.1: `X-Amz-Target` says what is asked, the body of whom.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Secrets, SecretsError, Version, name_of, secret_arn};

/// What [`answer`] can be asked.
pub(crate) const OPERATIONS: [&str; 2] = ["GetSecretValue", "PutSecretValue"];
const CURRENT: &str = "AWSCURRENT";
/// The most bytes of a secret.
// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>, from memory 2026-11-22.
const MOST_BYTES: usize = 65_536;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    secret_id: String,
    secret_string: String,
    version_stages: Option<Vec<String>>,
}

/// Carries out one request.
///
/// # Errors
/// Why it is refused; [`refusal`] says it on the wire.
pub(crate) fn answer(
    secrets: &Secrets,
    operation: &str,
    body: &[u8],
) -> Result<Value, SecretsError> {
    match operation {
        "GetSecretValue" => {
            let Get { secret_id, version_id, version_stage } = read(body)?;
            let found = secrets.get(&secret_id)?;
            let is_current = version_stage.is_none_or(|stage| stage == CURRENT)
                && version_id.is_none_or(|id| id == found.id.to_string());
            if !is_current {
                return Err(SecretsError::NotFound);
            }
            let mut shown = shown(&secret_id, &found);
            shown["SecretString"] = json!(found.text);
            shown["CreatedDate"] = json!(found.created_at.as_second());
            Ok(shown)
        }
        "PutSecretValue" => {
            let Put { secret_id, secret_string, version_stages } = read(body)?;
            let invalid = |reason: &str| Err(SecretsError::Invalid { reason: reason.to_owned() });
            if !(1..=MOST_BYTES).contains(&secret_string.len()) {
                return invalid("a secret has 1-65536 bytes");
            }
            if version_stages.is_some_and(|stages| stages != [CURRENT]) {
                return invalid("here a secret has no version but the current one");
            }
            Ok(shown(&secret_id, &secrets.put(&secret_id, secret_string)?))
        }
        other => Err(SecretsError::UnknownOperation { operation: other.to_owned() }),
    }
}

/// A refusal: its status, its name, its words.
pub(crate) fn refusal(error: &SecretsError) -> (StatusCode, &'static str, String) {
    let (status, name) = match error {
        SecretsError::NotFound => (StatusCode::BAD_REQUEST, "ResourceNotFoundException"),
        SecretsError::Invalid { .. } => (StatusCode::BAD_REQUEST, "InvalidParameterException"),
        SecretsError::UnknownOperation { .. } => {
            (StatusCode::BAD_REQUEST, "UnknownOperationException")
        }
        SecretsError::Internal { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError")
        }
    };
    (status, name, error.to_string())
}

fn shown(id: &str, version: &Version) -> Value {
    let name = name_of(id);
    let version = version.id;
    json!({ "ARN": secret_arn(name), "Name": name, "VersionId": version, "VersionStages": [CURRENT] })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SecretsError> {
    let read = serde_json::from_slice(body);
    // Where, and not what: it may be the secret.
    read.map_err(|error| SecretsError::Invalid {
        reason: format!("the body is wrong at line {}, column {}", error.line(), error.column()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Secret;

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        secrets.create(&Secret { name: "keys".to_owned(), text: "[]".to_owned() });
        secrets
    }

    fn ask(secrets: &Secrets, operation: &str, body: &Value) -> Result<Value, SecretsError> {
        answer(secrets, operation, body.to_string().as_bytes())
    }

    fn text(secrets: &Secrets, id: &str) -> Value {
        ask(secrets, "GetSecretValue", &json!({ "SecretId": id })).expect("found")["SecretString"]
            .clone()
    }

    #[test]
    fn a_secret_is_what_was_put_last_by_its_name_and_its_arn() {
        let (secrets, arn) = (secrets(), secret_arn("keys"));
        let put = json!({ "SecretId": arn, "SecretString": "new" });

        let first = text(&secrets, "keys");
        let put = ask(&secrets, "PutSecretValue", &put).expect("put");

        assert_eq!(
            (first, text(&secrets, "keys"), text(&secrets, &arn)),
            ("[]".into(), "new".into(), "new".into())
        );
        let version = json!({ "SecretId": "keys", "VersionId": put["VersionId"] });
        assert!(ask(&secrets, "GetSecretValue", &version).is_ok());
    }

    #[test]
    fn what_is_not_here_is_not_found() {
        let secrets = secrets();
        for asked in [
            json!({ "SecretId": "other" }),
            json!({ "SecretId": "keys", "VersionStage": "AWSPREVIOUS" }),
            json!({ "SecretId": "keys", "VersionId": "older" }),
        ] {
            let found = ask(&secrets, "GetSecretValue", &asked);
            assert_eq!(found.expect_err("refused"), SecretsError::NotFound, "{asked}");
        }
        let put = json!({ "SecretId": "other", "SecretString": "new" });
        assert_eq!(ask(&secrets, "PutSecretValue", &put), Err(SecretsError::NotFound));
    }

    #[test]
    fn what_is_refused_is_not_quoted() {
        let secrets = secrets();
        for body in [
            json!({ "SecretId": "keys", "SecretString": "" }),
            json!({ "SecretId": "keys", "SecretString": "hidden".repeat(20_000) }),
            json!({ "SecretId": "keys", "SecretString": ["hidden"] }),
            json!({ "SecretId": "keys", "SecretString": "hidden", "VersionStages": ["NEXT"] }),
        ] {
            let refused = ask(&secrets, "PutSecretValue", &body).expect_err("refused");
            assert!(matches!(refused, SecretsError::Invalid { .. }), "{refused}");
            assert!(!refused.to_string().contains("hidden"), "{refused}");
        }
        assert_eq!(text(&secrets, "keys"), "[]");
    }

    #[test]
    fn a_directory_keeps_what_was_put_and_not_what_the_template_says() {
        let directory = tempfile::tempdir().expect("a directory");
        let open = || Secrets::open(Some(directory.path())).expect("open");
        let declared = |text: &str| Secret { name: "keys".to_owned(), text: text.to_owned() };
        let first = open();
        first.create(&declared("old"));

        let again = open();
        again.create(&declared("declared"));
        let before = text(&again, "keys");
        let put = json!({ "SecretId": "keys", "SecretString": "put" });
        ask(&again, "PutSecretValue", &put).expect("put");
        let third = open();
        third.create(&declared("declared"));

        assert_eq!((before, text(&third, "keys")), ("declared".into(), "put".into()));
    }
}
