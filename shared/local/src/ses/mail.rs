//! `SendEmail`: what is asked, and what is sent if that is permitted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::address::Address;
use super::{MOST_RECIPIENTS, SesError};

// The AWS SDKs' service model of SES v2, as in botocore 1.43.11, read 2026-11-22.
const HEADER_NAME_CHARACTERS: usize = 126;
const HEADER_VALUE_CHARACTERS: usize = 995;

/// The request, of what is understood here. Tags and sets of configuration are taken, and have no meaning.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

/// A mail that may be sent.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) from: String,
    to: Vec<Address>,
    pub(super) reply_to: Vec<Address>,
    pub(super) subject: String,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
}

impl Request {
    pub(super) fn checked(self) -> Result<Draft, SesError> {
        let bad = |reason: &str| SesError::BadRequest { reason: reason.to_owned() };
        let from = self.from_email_address.ok_or_else(|| bad("FromEmailAddress is missing"))?;
        Address::read(&from)?;
        let Destination { to, cc, bcc } = self.destination;
        let to = addresses(&[to, cc, bcc].concat())?;
        if to.is_empty() {
            return Err(bad("Destination has no address"));
        }
        if to.len() > MOST_RECIPIENTS {
            return Err(bad(&format!("Destination has more than {MOST_RECIPIENTS} addresses")));
        }
        let Some(Simple { subject, body, headers }) = self.content.simple else {
            let reason = "only Simple content is sent here".to_owned();
            return Err(SesError::MessageRejected { reason });
        };
        if body.text.is_none() && body.html.is_none() {
            return Err(bad("Body has neither Text nor Html"));
        }
        if let Some(header) = headers.iter().find(|header| !header.is_permitted()) {
            return Err(bad(&format!("the header {:?} is not permitted", header.name)));
        }
        let data = |text: Option<Text>| text.map(|text| text.data);
        Ok(Draft {
            from,
            to,
            reply_to: addresses(&self.reply_to_addresses)?,
            subject: subject.data,
            text: data(body.text),
            html: data(body.html),
            headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
        })
    }
}

impl Header {
    fn is_permitted(&self) -> bool {
        let of_name = |byte: u8| matches!(byte, b'!'..=b'9' | b';'..=b'@' | b'A'..=b'~');
        let name = (1..=HEADER_NAME_CHARACTERS).contains(&self.name.len());
        let value = (1..=HEADER_VALUE_CHARACTERS).contains(&self.value.len());
        name && value
            && self.name.bytes().all(of_name)
            && self.value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    }
}

impl Draft {
    pub(super) fn recipients(&self) -> impl Iterator<Item = &Address> {
        self.to.iter()
    }
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, SesError> {
    texts.iter().map(|text| Address::read(text)).collect()
}
