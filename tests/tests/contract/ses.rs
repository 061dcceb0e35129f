//! Mail by SES: what arrives is in the mailbox beside the provider.

use std::collections::BTreeMap;

use local::provider::Provider;
use postroom::contract::mailer::MailerUnderTest;
use postroom::port::{Mail, MailError, Mailer};
use postroom::{BoxFuture, Classify, Verdict};
use postroom_aws::{Env, SesMailer};
use serde::Deserialize;
use serde_json::json;

use crate::endpoint::Endpoint;

struct OnSes {
    mailer: SesMailer,
    endpoint: Endpoint,
    provider: Provider,
}

/// A mail as the mailbox shows it.
#[derive(Deserialize)]
struct Shown {
    from: String,
    to: String,
    subject: String,
    text: String,
    html: String,
    headers: BTreeMap<String, String>,
}

const FROM: &str = "Postroom <no-reply@example.com>";

async fn on_ses() -> OnSes {
    let endpoint = Endpoint::with_queues(&[]).await;
    let provider = Provider::start(0, endpoint.mailbox.clone()).await.unwrap();
    let mailer = endpoint.aws.mailer(&mut Env::of([("MAIL_SENDER", FROM)]));
    OnSes { mailer, endpoint, provider }
}

impl AsRef<dyn MailerUnderTest> for OnSes {
    fn as_ref(&self) -> &(dyn MailerUnderTest + 'static) {
        self
    }
}

impl MailerUnderTest for OnSes {
    fn mailer(&self) -> &dyn Mailer {
        &self.mailer
    }

    fn arrived<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Vec<Mail>> {
        Box::pin(async move {
            let shown = reqwest::get(format!("{}/mailbox", self.provider.url())).await.unwrap();
            let shown: Vec<Shown> = shown.json().await.unwrap();
            let to_them = shown.into_iter().filter(|shown| shown.to == to).map(|shown| {
                assert_eq!(shown.from, FROM);
                let Shown { to, subject, text, html, headers, .. } = shown;
                let header = |(name, value)| {
                    assert_eq!(name, "List-Unsubscribe");
                    ("List-Unsubscribe", value)
                };
                Mail { to, subject, text, html, headers: headers.into_iter().map(header).collect() }
            });
            to_them.collect()
        })
    }
}

postroom::mailer_contract!(on_ses);

fn mail() -> Mail {
    let [to, subject, text, html] =
        ["ann@example.com", "Hello", "Hello", "<p>Hello</p>"].map(str::to_owned);
    Mail { to, subject, text, html, headers: Vec::new() }
}

#[tokio::test]
async fn what_was_certainly_not_sent_may_be_sent_later_and_is_asked_once() {
    let on_ses = on_ses().await;

    for (calls, status) in [(1, 400), (2, 503), (3, 403)] {
        on_ses.endpoint.fault("ses.SendEmail", 1, json!({"status": status})).await;
        let error = on_ses.mailer.send(&mail()).await.unwrap_err();

        assert_eq!(error.verdict(), Verdict::RETRY, "{error:?}");
        assert_eq!(on_ses.endpoint.calls("ses.SendEmail").await, calls);
    }
    assert!(on_ses.arrived("ann@example.com").await.is_empty());
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again() {
    let on_ses = on_ses().await;

    for (sent, effect) in
        [json!({"drop_response": true}), json!({"status": 500})].into_iter().enumerate()
    {
        on_ses.endpoint.fault("ses.SendEmail", 1, effect).await;
        let error = on_ses.mailer.send(&mail()).await.unwrap_err();

        assert!(matches!(error, MailError::Unknown { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::Permanent);
        assert_eq!(on_ses.endpoint.calls("ses.SendEmail").await, sent as u64 + 1);
    }
    assert_eq!(on_ses.arrived("ann@example.com").await, [mail()]);
}
