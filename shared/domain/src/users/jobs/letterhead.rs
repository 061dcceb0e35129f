//! What each of our mails looks like, and how it is turned off.

use std::fmt::Write as _;
use std::str::FromStr;

use postroom::TenantId;
use postroom::port::Mail;

use crate::contacts::Email;
use crate::id::UserId;

/// Where a recipient says that there shall be no more mail: `https://example.com/unsubscribe`.
///
/// It is called with `?tenant=…&user=…`: with POST and the body `List-Unsubscribe=One-Click` by a program of mail, at once,
/// and with GET by whoever follows the link. Whoever answers there has the address put on the list of suppressed ones.
// <https://www.rfc-editor.org/rfc/rfc8058>, section 3, named from memory 2026-11-22: POST, and over HTTPS alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribeUrl(String);

/// A text is no URL to unsubscribe at. Permanent: it takes another deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to begin with https:// and have neither a query nor a fragment")]
pub struct InvalidUnsubscribeUrl;

impl FromStr for UnsubscribeUrl {
    type Err = InvalidUnsubscribeUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUnsubscribeUrl> {
        let rest = text.strip_prefix("https://").ok_or(InvalidUnsubscribeUrl)?;
        let is_of_url = |sign: char| sign.is_ascii_graphic() && !"<>\"?#".contains(sign);
        if rest.is_empty() || !rest.chars().all(is_of_url) {
            return Err(InvalidUnsubscribeUrl);
        }
        Ok(Self(text.to_owned()))
    }
}

impl UnsubscribeUrl {
    fn of(&self, tenant: &TenantId, user: UserId) -> String {
        let mut url = format!("{}?tenant=", self.0);
        for byte in tenant.as_str().bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(url, "%{byte:02X}");
            }
        }
        format!("{url}&user={user}")
    }
}

/// Whom a mail is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipient<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) user: UserId,
    pub(super) email: &'a Email,
    pub(super) name: &'a str,
}

/// A mail of these paragraphs, none of which is HTML.
pub(super) fn mail(
    to: Recipient<'_>,
    subject: &str,
    paragraphs: &[String],
    unsubscribe: Option<&UnsubscribeUrl>,
) -> Mail {
    let url = unsubscribe.map(|url| url.of(to.tenant, to.user));
    let greeting = format!("Hello {},", to.name);
    let paragraphs: Vec<String> =
        std::iter::once(&greeting).chain(paragraphs).map(|text| one_line(text)).collect();
    Mail {
        to: to.email.to_string(),
        subject: one_line(subject),
        text: as_text(&paragraphs, url.as_deref()),
        html: as_html(&paragraphs, url.as_deref()),
        headers: url.map_or_else(Vec::new, |url| {
            vec![
                ("List-Unsubscribe", format!("<{url}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ]
        }),
    }
}

fn as_text(paragraphs: &[String], unsubscribe: Option<&str>) -> String {
    let footer = unsubscribe.map(|url| format!("-- \nNo more mail: {url}"));
    let parts: Vec<&str> = paragraphs.iter().chain(&footer).map(String::as_str).collect();
    parts.join("\n\n") + "\n"
}

fn as_html(paragraphs: &[String], unsubscribe: Option<&str>) -> String {
    let mut html = "<!doctype html>\n<html lang=\"en\">\n<body>\n".to_owned();
    for paragraph in paragraphs {
        html.extend(["<p>", &escaped(paragraph), "</p>\n"]);
    }
    if let Some(url) = unsubscribe {
        html.extend(["<p><a href=\"", &escaped(url), "\">No more mail</a></p>\n"]);
    }
    html + "</body>\n</html>\n"
}

/// As HTML shows it, between tags and in the quotes of an attribute.
// <https://html.spec.whatwg.org/multipage/syntax.html>, named from memory 2026-11-22: text ends at `<`, a reference begins
// with `&`, and an attribute's value ends at its quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// Without what ends a line or steers a terminal: behind it a subject would go on as a header of somebody else's. What comes
/// over HTTP has none; a message that was edited by hand may.
fn one_line(text: &str) -> String {
    let is_break = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    text.chars().map(|sign| if is_break(sign) { ' ' } else { sign }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn written(name: &str, tenant: &str, unsubscribe: Option<&str>) -> Mail {
        let email = Email::try_from("ann@example.com".to_owned()).unwrap();
        let (tenant, user) = (tenant.parse().unwrap(), Uuid::from_u128(1).into());
        let to = Recipient { tenant: &tenant, user, email: &email, name };
        let unsubscribe = unsubscribe.map(|url| url.parse().unwrap());
        let paragraph = format!("{name} is here.");
        mail(to, &format!("Hello {name}"), &[paragraph], unsubscribe.as_ref())
    }

    #[test]
    fn a_mail_says_in_both_forms_the_same_and_how_it_is_turned_off() {
        let mail = written("Ann", "a b/ü", Some("https://example.com/unsubscribe"));

        let url = "https://example.com/unsubscribe?tenant=a%20b%2F%C3%BC&user=00000000-0000-0000-0000-000000000001";
        assert_eq!(mail.text, format!("Hello Ann,\n\nAnn is here.\n\n-- \nNo more mail: {url}\n"));
        let link = url.replace('&', "&amp;");
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<body>\n<p>Hello Ann,</p>\n<p>Ann is here.</p>\n\
             <p><a href=\"{link}\">No more mail</a></p>\n</body>\n</html>\n"
        );
        assert_eq!(mail.html, html);
        let headers = [
            ("List-Unsubscribe", format!("<{url}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        assert_eq!(mail.headers, headers);
        assert_eq!(written("Ann", "demo", None).headers, []);
    }

    #[test]
    fn a_name_is_text_whatever_it_is() {
        let mail = written("<script>alert('1' & \"2\")</script>", "demo", None);

        assert!(mail.text.contains("<script>alert('1' & \"2\")</script> is here."));
        let shown = "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt; is here.";
        assert!(mail.html.contains(shown), "{}", mail.html);
        assert!(!mail.html.contains("<script"));
    }

    #[test]
    fn no_name_adds_a_line_to_a_subject() {
        let mail = written("Ann\r\nBcc: bob@example.com\u{85}\u{2028}x", "demo", None);

        assert_eq!(mail.subject, "Hello Ann  Bcc: bob@example.com  x");
    }

    #[test]
    fn mail_is_turned_off_at_a_page_that_takes_a_query_and_is_reached_in_private() {
        for url in ["https://example.com", "https://example.com/a/b"] {
            assert!(url.parse::<UnsubscribeUrl>().is_ok(), "{url}");
        }
        for url in [
            "",
            "https://",
            "http://example.com",
            "https://a.nz/?b=c",
            "https://a.nz/#b",
            "https://a b",
        ] {
            assert_eq!(url.parse::<UnsubscribeUrl>(), Err(InvalidUnsubscribeUrl), "{url}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back_and_has_no_tag(text in "\\PC*|[<>&\"';a-z#]{0,40}") {
            let html = escaped(&text);

            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let read = html
                .replace("&#39;", "'")
                .replace("&quot;", "\"")
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&amp;", "&");
            prop_assert_eq!(read, text);
        }
    }
}
