//! An HTTP request as API Gateway hands it to a function: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! named from memory 2026-11-21.

use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::template::ACCOUNT;

/// What the gateway adds to a request.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub request_id: Uuid,
    pub route_key: &'a str,
    /// The JWT claims; `None` on a route without authorizer.
    pub claims: Option<Map<String, Value>>,
    pub now: Timestamp,
}

/// The event of one request.
pub(super) fn build(parts: &Parts, body: &Bytes, context: Context<'_>) -> Value {
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": context.route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers),
        "isBase64Encoded": false,
    });
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(query));
    }
    if !body.is_empty() {
        let (text, is_base64) = encode(&parts.headers, body);
        event["body"] = json!(text);
        event["isBase64Encoded"] = json!(is_base64);
    }
    event["requestContext"] = request_context(parts, path, context);
    event
}

fn request_context(parts: &Parts, path: &str, context: Context<'_>) -> Value {
    let host = text(&parts.headers, &header::HOST);
    let mut built = json!({
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.split(['.', ':']).next().unwrap_or_default(),
        "http": {
            "method": parts.method.as_str(),
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": text(&parts.headers, &header::USER_AGENT),
        },
        "requestId": context.request_id,
        "routeKey": context.route_key,
        "stage": "$default",
        "time": context.now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
        "timeEpoch": context.now.as_millisecond(),
    });
    if let Some(claims) = context.claims {
        built["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
    }
    built
}

/// Names in lower case, values of one name joined by commas; cookies are a field of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let names = headers.keys().filter(|name| **name != header::COOKIE);
    let mut joined: BTreeMap<&str, String> = names
        .map(|name| {
            let values = headers.get_all(name).iter();
            let values: Vec<_> = values.map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
            (name.as_str(), values.join(","))
        })
        .collect();
    joined.insert("x-forwarded-for", "127.0.0.1".to_owned());
    joined.insert("x-forwarded-proto", "http".to_owned());
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .flat_map(|value| value.split(';').map(|c| c.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded; values of one name are joined by commas.
pub(super) fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// Undoes percent-encoding and `+`; what is not encoded properly stays as it is.
fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, following)) = rest.split_first() {
        let escaped = following.first_chunk::<2>().filter(|_| byte == b'%').and_then(|digits| {
            let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        });
        rest = match escaped {
            Some(_) => &following[2..],
            None => following,
        };
        decoded.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The body as text where its type says so, in base64 otherwise.
fn encode(headers: &HeaderMap, body: &Bytes) -> (String, bool) {
    let kind = text(headers, &header::CONTENT_TYPE).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(kind, "application/json" | "application/javascript" | "application/xml");
    match std::str::from_utf8(body) {
        Ok(body) if is_text => (body.to_owned(), false),
        _ => (BASE64.encode(body), true),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let now = "2026-11-21T12:34:56Z".parse().unwrap();
        let claims = Some(Map::from_iter([("sub".to_owned(), json!("u"))]));
        build(
            &parts,
            &Bytes::from_static(body),
            Context { request_id: Uuid::nil(), route_key: "$default", claims, now },
        )
    }

    #[test]
    fn a_request_becomes_the_event_of_payload_format_2() {
        let request = Request::post("http://localhost/a%20b/c?x=1&x=%C3%A9+2&flag")
            .header("host", "127.0.0.1:3000")
            .header("X-Many", "one")
            .header("x-many", "two")
            .header("cookie", "a=1; b=2")
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "test");

        let event = event(request, br#"{"name":"x"}"#);

        assert_eq!(event["rawPath"], "/a%20b/c");
        assert_eq!(event["rawQueryString"], "x=1&x=%C3%A9+2&flag");
        assert_eq!(event["queryStringParameters"], json!({"x": "1,é 2", "flag": ""}));
        assert_eq!(event["headers"]["x-many"], "one,two");
        assert_eq!(event["headers"]["cookie"], Value::Null);
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["body"], r#"{"name":"x"}"#);
        assert_eq!(event["isBase64Encoded"], false);
        let context = &event["requestContext"];
        assert_eq!(context["http"]["method"], "POST");
        assert_eq!(context["time"], "21/Nov/2026:12:34:56 +0000");
        assert_eq!(context["timeEpoch"], 1_795_264_496_000_i64);
        assert_eq!(context["authorizer"], json!({"jwt": {"claims": {"sub": "u"}, "scopes": null}}));
    }

    #[test]
    fn a_body_that_is_not_text_is_sent_in_base64() {
        let binary = event(Request::post("/").header("content-type", "image/png"), b"\x89PNG");
        let lying = event(Request::post("/").header("content-type", "text/plain"), b"\xff");
        let none = event(Request::post("/"), b"");

        assert_eq!(
            (&binary["body"], &binary["isBase64Encoded"]),
            (&json!("iVBORw=="), &json!(true))
        );
        assert_eq!((&lying["body"], &lying["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
        assert_eq!((&none["body"], &none["isBase64Encoded"]), (&Value::Null, &json!(false)));
    }

    #[test]
    fn what_is_not_encoded_properly_stays_as_it_is() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%2"), "%2");
    }
}
