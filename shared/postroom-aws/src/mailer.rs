//! Mail by SES.

use std::sync::OnceLock;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use postroom::BoxFuture;
use postroom::port::{Mail, MailError, Mailer};
use tracing::info;

use crate::aws::Aws;
use crate::classify::{Failed, failed};

/// How SES says: not now. Nothing was sent.
// The errors of `SendEmail` in `aws-sdk-sesv2` 1.145.0, read 2026-11-22. A quota that is used up is a limit exceeded.
const NOT_NOW: [&str; 2] = ["LimitExceededException", "TooManyRequestsException"];
/// How SES says that nobody may send, whatever it is: it has to be mended outside. Nothing was sent.
// As above; what is not of SES alone is in <https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html>, named
// from memory 2026-11-22.
const NOT_PERMITTED: [&str; 6] = [
    "AccessDeniedException",
    "AccountSuspendedException",
    "ExpiredTokenException",
    "MailFromDomainNotVerifiedException",
    "SendingPausedException",
    "UnrecognizedClientException",
];
const UTF_8: &str = "UTF-8";

/// Sends mail by SES, from one address.
///
/// SES has no idempotency token. So a call is made once, over a connection of its own: over one that had been idle, a call
/// may get lost of which nobody knows what became of it. The first mail makes the client, and no start waits for it.
#[derive(Debug)]
pub struct SesMailer {
    aws: Aws,
    from: String,
    client: OnceLock<Client>,
}

impl SesMailer {
    pub(crate) fn new(aws: Aws, from: String) -> Self {
        Self { aws, from, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.aws.ses_once())
    }

    async fn send_once(&self, mail: &Mail) -> Result<(), MailError> {
        let content =
            content(mail).map_err(|source| MailError::Rejected { source: Box::new(source) })?;
        let sent = self
            .client()
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().simple(content).build())
            .send()
            .await
            .map_err(mail_error)?;
        // By this whoever has to find out finds it in what SES tells of its mail.
        info!(ses_message_id = sent.message_id(), "mail was handed over");
        Ok(())
    }
}

impl Mailer for SesMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(self.send_once(mail))
    }
}

fn content(mail: &Mail) -> Result<Message, BuildError> {
    let text = |text: &str| Content::builder().data(text).charset(UTF_8).build();
    let headers = mail
        .headers
        .iter()
        .map(|(name, value)| MessageHeader::builder().name(*name).value(value).build());
    let headers = headers.collect::<Result<Vec<_>, _>>()?;
    let body = Body::builder().text(text(&mail.text)?).html(text(&mail.html)?).build();
    let message = Message::builder().subject(text(&mail.subject)?).body(body);
    Ok(message.set_headers(Some(headers)).build())
}

fn mail_error(error: SdkError<SendEmailError, HttpResponse>) -> MailError {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let (not_now, not_permitted) = (NOT_NOW.contains(&code), NOT_PERMITTED.contains(&code));
    let failed = failed(&error);
    let source = Box::new(error);
    match failed {
        _ if not_now => MailError::NotNow { source },
        _ if not_permitted => MailError::NotPermitted { source },
        // It was turned away at the door. Any other failure of the server's may have come after the sending.
        Failed::Unknown if status == Some(503) => MailError::NotNow { source },
        Failed::NotNow => MailError::NotNow { source },
        Failed::Never => MailError::Rejected { source },
        Failed::Unknown => MailError::Unknown { source },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::error::ErrorMetadata;

    use super::*;

    fn answered(status: u16, code: &str) -> &'static str {
        let error = SendEmailError::generic(ErrorMetadata::builder().code(code).build());
        let answer = HttpResponse::new(status.try_into().unwrap(), "".into());
        match mail_error(SdkError::service_error(error, answer)) {
            MailError::NotNow { .. } => "not now",
            MailError::NotPermitted { .. } => "not permitted",
            MailError::Rejected { .. } => "rejected",
            MailError::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn an_answer_says_whether_the_mail_can_be_sent_again() {
        for (status, code, expected) in [
            (429, "TooManyRequestsException", "not now"),
            (400, "LimitExceededException", "not now"),
            (400, "ThrottlingException", "not now"),
            (503, "ServiceUnavailableException", "not now"),
            (400, "SendingPausedException", "not permitted"),
            (400, "AccountSuspendedException", "not permitted"),
            (400, "MailFromDomainNotVerifiedException", "not permitted"),
            (403, "AccessDeniedException", "not permitted"),
            (400, "MessageRejected", "rejected"),
            (400, "BadRequestException", "rejected"),
            (404, "NotFoundException", "rejected"),
            (500, "InternalServiceErrorException", "unknown"),
            (502, "", "unknown"),
            (504, "", "unknown"),
        ] {
            assert_eq!(answered(status, code), expected, "{status} {code}");
        }
    }
}
