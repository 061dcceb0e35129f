//! REST and JSON: the path says what is asked.

use http::request::Parts;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::address::Address;
use super::suppressed::{Entry, Reason};
use super::{Ses, SesError};

/// What all paths of SES begin with; no bucket has so short a name.
const ROOT: &str = "/v2/email/";
const MAILS: &str = "/v2/email/outbound-emails";
const SUPPRESSED: &str = "/v2/email/suppression/addresses";
/// What is asked for and not here.
const OTHER: &str = "Other";

/// What [`answer`] can be asked.
pub(crate) const OPERATIONS: [&str; 5] = [
    "DeleteSuppressedDestination",
    "GetSuppressedDestination",
    "ListSuppressedDestinations",
    "PutSuppressedDestination",
    "SendEmail",
];

/// The operation, or `None` where the request is not for SES.
// The AWS SDKs' service model of SES v2, as in botocore 1.43.11, read 2026-11-22.
pub(crate) fn operation_of(parts: &Parts) -> Option<&'static str> {
    let path = parts.uri.path();
    if !path.starts_with(ROOT) {
        return None;
    }
    Some(match (&parts.method, path, suppressed_address(path)) {
        (&Method::POST, MAILS, _) => "SendEmail",
        (&Method::PUT, SUPPRESSED, _) => "PutSuppressedDestination",
        (&Method::GET, SUPPRESSED, _) => "ListSuppressedDestinations",
        (&Method::GET, _, Some(_)) => "GetSuppressedDestination",
        (&Method::DELETE, _, Some(_)) => "DeleteSuppressedDestination",
        _ => OTHER,
    })
}

/// Carries out one request.
///
/// # Errors
///
/// Why SES refuses it; [`SesError::wire`] says it on the wire.
pub(crate) fn answer(ses: &Ses, parts: &Parts, body: &[u8]) -> Result<Value, SesError> {
    let path = parts.uri.path();
    let operation = operation_of(parts).unwrap_or(OTHER);
    match (operation, suppressed_address(path)) {
        ("SendEmail", _) => Ok(json!({ "MessageId": ses.send(read(body)?)? })),
        ("PutSuppressedDestination", _) => put(ses, body),
        // All of them: there are no further pages.
        ("ListSuppressedDestinations", _) => {
            let suppressed = ses.lock();
            let all: Vec<_> = suppressed.all().map(shown).collect();
            Ok(json!({ "SuppressedDestinationSummaries": all }))
        }
        ("GetSuppressedDestination", Some(encoded)) => {
            let address = decoded(encoded)?;
            let suppressed = ses.lock();
            let entry = suppressed.get(&address).ok_or_else(|| not_suppressed(&address))?;
            Ok(json!({ "SuppressedDestination": shown(entry) }))
        }
        ("DeleteSuppressedDestination", Some(encoded)) => {
            let address = decoded(encoded)?;
            let was_there = ses.lock().remove(&address);
            if was_there { Ok(json!({})) } else { Err(not_suppressed(&address)) }
        }
        _ => {
            let (method, path) = (parts.method.to_string(), path.to_owned());
            Err(SesError::UnknownOperation { method, path })
        }
    }
}

/// A refusal: its status, its name for the header `x-amzn-errortype`, its body.
pub(crate) fn refusal(error: &SesError) -> (StatusCode, &'static str, Value) {
    let (status, name) = error.wire();
    (status, name, json!({ "message": error.to_string() }))
}

fn put(ses: &Ses, body: &[u8]) -> Result<Value, SesError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        email_address: String,
        reason: Reason,
    }

    let Request { email_address, reason } = read(body)?;
    ses.lock().put(Address::read(&email_address)?, reason, Timestamp::now());
    Ok(json!({}))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SesError> {
    serde_json::from_slice(body).map_err(|error| SesError::BadRequest { reason: error.to_string() })
}

fn shown(entry: &Entry) -> Value {
    json!({
        "EmailAddress": entry.address,
        "Reason": entry.reason,
        "LastUpdateTime": entry.at.as_second(),
    })
}

fn not_suppressed(address: &Address) -> SesError {
    SesError::NotFound { what: format!("{address} on the suppression list") }
}

/// What follows the list in a path, as it is encoded there.
fn suppressed_address(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(SUPPRESSED)?.strip_prefix('/')?;
    (!rest.is_empty() && !rest.contains('/')).then_some(rest)
}

fn decoded(encoded: &str) -> Result<Address, SesError> {
    // A form has a `+` for a space; a path has itself.
    let pair = format!("x={}", encoded.replace('+', "%2B"));
    let text = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    Address::read(&text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ses::Mailbox;

    fn ask(ses: &Ses, method: &str, path: &str, body: &Value) -> Result<Value, SesError> {
        let request = http::Request::builder().method(method).uri(path).body(()).expect("request");
        answer(ses, &request.into_parts().0, body.to_string().as_bytes())
    }

    fn mail(to: &str) -> Value {
        json!({
            "FromEmailAddress": "Postroom <post@example.com>",
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": {
                "Subject": {"Data": "Hello"},
                "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>text</p>"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://example.com/u>"}],
            }},
        })
    }

    fn send(ses: &Ses, mail: &Value) -> Result<Value, SesError> {
        ask(ses, "POST", MAILS, mail)
    }

    fn fates(mailbox: &Mailbox) -> Vec<Value> {
        let mails = serde_json::to_value(mailbox.list(None)).expect("JSON");
        let fates = mails.as_array().into_iter().flatten().map(|mail| mail["fate"].clone());
        fates.collect()
    }

    #[test]
    fn a_mail_is_in_the_mailbox_as_it_was_sent() {
        let mailbox = Mailbox::default();
        let ses = Ses::new(mailbox.clone());

        let sent = send(&ses, &mail("a@b.nz")).expect("sent");

        let mut found = serde_json::to_value(mailbox.list(Some("a@b.nz"))).expect("JSON");
        found[0]["at"] = Value::Null;
        let expected = json!([{
            "id": sent["MessageId"], "at": null, "fate": "delivered",
            "from": "Postroom <post@example.com>", "to": "a@b.nz", "subject": "Hello", "text": "text",
            "html": "<p>text</p>", "headers": {"List-Unsubscribe": "<https://example.com/u>"},
        }]);
        assert_eq!(found, expected);
        assert!(mailbox.list(Some("c@d.nz")).is_empty());
    }

    #[test]
    fn an_address_that_bounced_is_suppressed_until_it_is_taken_from_the_list() {
        let mailbox = Mailbox::default();
        let ses = Ses::new(mailbox.clone());
        let bouncing = mail("bounce@simulator.amazonses.com");
        let entry = format!("{SUPPRESSED}/bounce%40simulator.amazonses.com");

        send(&ses, &bouncing).expect("taken");
        send(&ses, &bouncing).expect("taken");
        let listed = ask(&ses, "GET", &entry, &Value::Null).expect("listed");
        ask(&ses, "DELETE", &entry, &Value::Null).expect("removed");
        send(&ses, &bouncing).expect("taken");

        assert_eq!(listed["SuppressedDestination"]["Reason"], "BOUNCE");
        assert_eq!(fates(&mailbox), ["bounced", "suppressed", "bounced"]);
    }

    #[test]
    fn an_address_is_suppressed_whatever_its_case() {
        let mailbox = Mailbox::default();
        let ses = Ses::new(mailbox.clone());
        let body = json!({"EmailAddress": "A+b@C.nz", "Reason": "COMPLAINT"});
        ask(&ses, "PUT", SUPPRESSED, &body).expect("put");

        send(&ses, &mail("a+B@c.nz")).expect("taken");

        assert_eq!(fates(&mailbox), ["suppressed"]);
        assert!(ask(&ses, "GET", &format!("{SUPPRESSED}/a+b%40c.nz"), &Value::Null).is_ok());
        let all = ask(&ses, "GET", SUPPRESSED, &Value::Null).expect("listed");
        assert_eq!(all["SuppressedDestinationSummaries"][0]["EmailAddress"], "A+b@C.nz");
    }

    #[test]
    fn what_is_no_mail_is_refused_and_in_no_mailbox() {
        let mailbox = Mailbox::default();
        let ses = Ses::new(mailbox.clone());
        let with = |pointer: &str, value: Value| {
            let mut changed = mail("a@b.nz");
            *changed.pointer_mut(pointer).expect("there") = value;
            send(&ses, &changed).expect_err("refused").wire().1
        };
        let crowd: Vec<_> = (0..=50).map(|n| format!("a{n}@b.nz")).collect();
        let header = json!([{"Name": "X", "Value": "two\r\nlines"}]);

        let refused = [
            with("/FromEmailAddress", json!("nobody")),
            with("/Destination/ToAddresses", json!([])),
            with("/Destination/ToAddresses", json!(crowd)),
            with("/Destination/ToAddresses/0", json!("a@b.nz, c@d.nz")),
            with("/Content/Simple/Body", json!({})),
            with("/Content/Simple/Headers", header),
            with("/Content", json!({"Raw": {"Data": "eA=="}})),
        ];

        assert_eq!(refused[..6], ["BadRequestException"; 6]);
        assert_eq!(refused[6], "MessageRejected");
        assert!(mailbox.list(None).is_empty());
        assert!(matches!(
            ask(&ses, "GET", "/v2/email/account", &Value::Null),
            Err(SesError::UnknownOperation { .. })
        ));
    }
}
