//! Answers in the shape that AWS gives them.

use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};
use uuid::Uuid;

/// Bodies of S3 are as long as its objects, and come as they are read.
pub(super) type Reply = Response<Body>;

/// By which clients of a service that once spoke the query protocol know an error.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
/// What a refusal is, of services that speak REST and JSON.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// An answer of an AWS service.
pub(super) fn aws(status: StatusCode, body: &Value) -> Reply {
    let mut reply = plain(status, "application/x-amz-json-1.0", body.to_string());
    if let Ok(id) = HeaderValue::try_from(Uuid::now_v7().to_string()) {
        reply.headers_mut().insert(REQUEST_ID, id);
    }
    reply
}

/// A refusal of an AWS service; `code` stands in the body and, for SQS, in the header.
pub(super) fn aws_error(status: StatusCode, code: &str, message: &str) -> Reply {
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let mut reply = aws(status, &json!({ "__type": code, "message": message }));
    set_query_error(&mut reply, &format!("{code};{fault}"));
    reply
}

pub(super) fn set_query_error(reply: &mut Reply, error: &str) {
    if let Ok(value) = HeaderValue::try_from(error) {
        reply.headers_mut().insert(QUERY_ERROR, value);
    }
}

/// For an answer that left the body of its request unread. A client that was told so instead of `100 Continue` sends no body,
/// and on the same connection its next request would be taken for that body.
pub(super) fn set_connection_close(reply: &mut Reply) {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// A refusal of S3, which speaks XML.
pub(super) fn s3_error(status: StatusCode, code: &str, message: &str) -> Reply {
    let id = Uuid::now_v7();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>{id}</RequestId></Error>"
    );
    plain(status, "application/xml", body)
}

/// An answer of SNS, which speaks XML too.
pub(super) fn sns(status: StatusCode, body: String) -> Reply {
    plain(status, "text/xml", body)
}

/// A refusal of SES, which says in a header what it is.
pub(super) fn ses_error(status: StatusCode, name: &'static str, body: &Value) -> Reply {
    let mut reply = json(status, body);
    reply.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(name));
    reply
}

/// An answer of the endpoint's own pages.
pub(super) fn json(status: StatusCode, body: &Value) -> Reply {
    plain(status, "application/json", body.to_string())
}

pub(super) fn no_content() -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply
}

fn plain(status: StatusCode, content_type: &'static str, body: String) -> Reply {
    let mut reply = Reply::new(Body::from(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
