//! A function's answer as an HTTP response, by API Gateway's rules.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::lambda::InvokeError;

const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// An answer with a `statusCode`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The response to an answer: structured, or any other JSON as the body of a 200.
pub(super) fn from_answer(answer: &[u8]) -> Response {
    let Ok(value) = serde_json::from_slice::<Value>(answer) else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    if value.get("statusCode").is_none() {
        return ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response();
    }
    let structured = serde_json::from_value(value).map_err(|error| error.to_string());
    match structured.and_then(to_response) {
        Ok(response) => response,
        Err(reason) => {
            tracing::warn!("the function's answer is not an HTTP response: {reason}");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

/// The response where there is no answer; it says nothing of what went wrong inside.
pub(super) fn from_error(error: &InvokeError) -> Response {
    match error {
        InvokeError::PayloadTooLarge { .. } => too_large(),
        InvokeError::Throttled { .. } | InvokeError::Stopped => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        InvokeError::TimedOut { .. } => {
            message(StatusCode::GATEWAY_TIMEOUT, "Internal Server Error")
        }
        InvokeError::UnknownFunction { .. }
        | InvokeError::InitFailed { .. }
        | InvokeError::FunctionError { .. }
        | InvokeError::Crashed { .. } => {
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

pub(super) fn too_large() -> Response {
    message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// Gives a response the id that the function got as `requestContext.requestId`, and that our own log says.
// On every answer of an HTTP API, named from memory 2026-11-21.
pub(super) fn name(response: &mut Response, request_id: Uuid) {
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

/// API Gateway's own answers: `{"message": "Unauthorized"}`.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"message": message}))).into_response()
}

fn to_response(structured: Structured) -> Result<Response, String> {
    let body = structured.body.unwrap_or_default();
    let body = match structured.is_base64_encoded {
        Some(true) => Body::from(BASE64.decode(body).map_err(|error| error.to_string())?),
        Some(false) | None => Body::from(body),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(structured.status_code).map_err(|error| error.to_string())?;

    let many = structured.multi_value_headers.unwrap_or_default();
    let many = many.into_iter().flat_map(|(name, values)| match values {
        Value::Array(values) => values.into_iter().map(|v| (name.clone(), v)).collect(),
        value => vec![(name, value)],
    });
    let single = structured.headers.unwrap_or_default().into_iter();
    let cookies = structured.cookies.unwrap_or_default().into_iter();
    let cookies = cookies.map(|cookie| ("set-cookie".to_owned(), Value::String(cookie)));
    for (name, value) in single.chain(many).chain(cookies) {
        add_header(&mut response, &name, &value)?;
    }
    // Made anew from the body that is really sent.
    response.headers_mut().remove(header::CONTENT_LENGTH);
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        let default = HeaderValue::from_static("text/plain;charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, default);
    }
    Ok(response)
}

fn add_header(response: &mut Response, name: &str, value: &Value) -> Result<(), String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header name"))?;
    let value = text.parse().map_err(|_| format!("the value of `{name}` is no header value"))?;
    // The same pair in both kinds of headers is one header.
    if !response.headers().get_all(&name).iter().any(|present| *present == value) {
        response.headers_mut().append(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn read(response: Response) -> (u16, String, String) {
        let status = response.status().as_u16();
        let kind =
            response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn answers_become_responses_as_on_api_gateway() {
        let cases = [
            (
                r#"{"statusCode": 201, "body": "hi", "headers": {"Content-Type": "text/html"}}"#,
                (201, "text/html", "hi"),
            ),
            (
                r#"{"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}"#,
                (200, "text/plain;charset=utf-8", "hi"),
            ),
            (r#"{"statusCode": 204}"#, (204, "text/plain;charset=utf-8", "")),
            (r#"{"free": 1}"#, (200, "application/json", r#"{"free":1}"#)),
            (
                r#"{"statusCode": "many"}"#,
                (500, "application/json", r#"{"message":"Internal Server Error"}"#),
            ),
            (
                r#"{"statusCode": 200, "headers": {"bad name": "x"}}"#,
                (500, "application/json", r#"{"message":"Internal Server Error"}"#),
            ),
            ("no json", (500, "application/json", r#"{"message":"Internal Server Error"}"#)),
        ];

        for (answer, (status, kind, body)) in cases {
            let response = read(from_answer(answer.as_bytes())).await;

            assert_eq!(response, (status, kind.to_owned(), body.to_owned()), "{answer}");
        }
    }

    #[test]
    fn cookies_and_headers_of_many_values_are_all_sent() {
        let answer = br#"{"statusCode": 200, "cookies": ["a=1", "b=2"], "headers": {"x-a": "1"},
            "multiValueHeaders": {"x-a": ["1", "2"]}}"#;

        let response = from_answer(answer);

        let all = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(all("set-cookie"), ["a=1", "b=2"]);
        assert_eq!(all("x-a"), ["1", "2"]);
    }
}
