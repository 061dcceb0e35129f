//! What those promise who send mail.

use crate::BoxFuture;
use crate::port::{Mail, MailError, Mailer};
use crate::verdict::{Classify, Verdict};

/// A mailer, and what arrives.
pub trait MailerUnderTest: Send + Sync {
    /// Who sends.
    fn mailer(&self) -> &dyn Mailer;

    /// What arrived at an address, in its order.
    fn arrived<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Vec<Mail>>;
}

/// Once, and as it was sent.
pub async fn what_is_sent_arrives(subject: &dyn MailerUnderTest) {
    let mail = mail("ann@example.com");

    subject.mailer().send(&mail).await.unwrap();

    assert_eq!(subject.arrived("ann@example.com").await, [mail]);
}

/// Nobody knows a mail again: who must not send twice has to see to it.
pub async fn what_is_sent_twice_arrives_twice(subject: &dyn MailerUnderTest) {
    let mail = mail("ann@example.com");

    for _ in 0..2 {
        subject.mailer().send(&mail).await.unwrap();
    }

    assert_eq!(subject.arrived("ann@example.com").await.len(), 2);
}

/// And will be as often as it is tried.
pub async fn what_goes_to_no_address_is_rejected(subject: &dyn MailerUnderTest) {
    for to in ["", "ann", "ann@", "@example.com", "ann@example.com, bob@example.com", "a\r\nb@c.nz"]
    {
        let error = subject.mailer().send(&mail(to)).await.unwrap_err();

        assert!(matches!(error, MailError::Rejected { .. }), "{to:?}: {error:?}");
        assert_eq!(error.verdict(), Verdict::Permanent);
        assert!(subject.arrived(to).await.is_empty());
    }
}

/// A second line would be a header of somebody else's.
pub async fn a_header_of_two_lines_is_rejected(subject: &dyn MailerUnderTest) {
    let mut mail = mail("ann@example.com");
    mail.headers[0].1.push_str("\r\nBcc: bob@example.com");

    let error = subject.mailer().send(&mail).await.unwrap_err();

    assert!(matches!(error, MailError::Rejected { .. }), "{error:?}");
    assert!(subject.arrived("ann@example.com").await.is_empty());
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Größe <1>".to_owned(),
        text: "Hello & welcome\nZoë\n".to_owned(),
        html: "<p>Hello &amp; welcome</p>".to_owned(),
        headers: vec![("List-Unsubscribe", "<https://example.com/u?a=1>".to_owned())],
    }
}
