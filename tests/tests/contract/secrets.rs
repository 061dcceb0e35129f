//! A secret of Secrets Manager, over that of the template.

use postroom::port::{SecretError, Secrets};
use postroom::{Classify, Verdict};
use serde_json::json;

use crate::endpoint::Endpoint;

#[tokio::test]
async fn a_secret_is_read_as_it_was_put_last() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let secret = endpoint.aws.secret(&mut endpoint.env, "WEBHOOK_SECRETS");
    endpoint.env.check().unwrap();

    let first = secret.read().await.unwrap();
    endpoint.put_secret("local-webhook-secrets", "put").await;
    let then = secret.read().await.unwrap();

    assert_eq!((first.reveal(), then.reveal()), ("[]", "put"));
}

#[tokio::test]
async fn a_reading_that_passes_is_tried_again_and_what_is_refused_is_not() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let secret = endpoint.aws.secret(&mut endpoint.env, "WEBHOOK_SECRETS");
    let calls = "secretsmanager.GetSecretValue";

    for (status, asked, verdict) in
        [(400, 3, Verdict::RETRY), (503, 3, Verdict::RETRY), (403, 1, Verdict::Permanent)]
    {
        endpoint.fault(calls, asked, json!({ "status": status })).await;
        let before = endpoint.calls(calls).await;
        let error = secret.read().await.unwrap_err();
        assert_eq!((error.verdict(), endpoint.calls(calls).await - before), (verdict, asked));
    }
    assert_eq!(secret.read().await.unwrap().reveal(), "[]");
}

#[tokio::test]
async fn a_secret_that_there_is_not_is_refused() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let secret = endpoint.aws.secret(&mut endpoint.env, "OBJECTS_BUCKET");

    let error = secret.read().await.unwrap_err();

    assert!(matches!(error, SecretError::Refused { .. }), "{error:?}");
}
