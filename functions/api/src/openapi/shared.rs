//! What all operations share: headers, the forms of problems, and what the gateway answers in our place.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::operation::Schemas;
use crate::kind::Kind;
use crate::problem;

pub(super) const DESCRIPTION: &str = "\
An agency's campaigns. Errors are `application/problem+json` (RFC 9457); branch on `type`. A path that is not listed here is \
404 `path-not-found`, a method that a path does not have is 405 `method-not-allowed` and names the right ones in `Allow`.

Fields of a body that are not listed are ignored. Where the shape of a body is wrong, `errors` names the first place that is; \
where only values break rules, it names all of them.

Every command (POST) takes an `Idempotency-Key`, and what moves money needs one. Sent again with the same key, the same request is not done again but \
answered as it was, with `Idempotent-Replayed: true`. What was refused or failed is not remembered: sent again, it is \
decided anew.";

/// The reference to one of the parameters below.
pub(super) fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// References to these of the headers below.
pub(super) fn headers(names: &[&str]) -> Value {
    let refer = |name: &&str| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    };
    Value::Object(names.iter().map(refer).collect())
}

/// The reply that ends with one of these kinds of problems, all of one status.
pub(super) fn problem(status: StatusCode, kinds: &[Kind]) -> Value {
    let codes: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.code)).collect();
    let uris: Vec<String> = kinds.iter().map(|kind| kind.uri()).collect();
    let examples: Map<String, Value> = kinds
        .iter()
        .map(|kind| (kind.code.to_owned(), json!({ "value": example(*kind) })))
        .collect();
    let mut names = vec!["X-Correlation-Id"];
    if kinds.iter().any(|kind| kind.names_a_wait()) {
        names.push("Retry-After");
    }
    if status == StatusCode::UNAUTHORIZED {
        names.push("WWW-Authenticate");
    }
    let schema = json!({
        "allOf": [{ "$ref": "#/components/schemas/Problem" }],
        "properties": { "type": { "enum": uris }, "status": { "const": status.as_u16() } },
    });
    json!({
        "description": codes.join(", "),
        "headers": headers(&names),
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    })
}

fn example(kind: Kind) -> Value {
    let mut example = json!({
        "type": kind.uri(),
        "title": kind.title(),
        "status": kind.status.as_u16(),
        "correlation_id": "req-2f6a",
    });
    if kind == Kind::INVALID_INPUT {
        example["errors"] =
            json!([{ "path": "/budget/amount_minor", "message": "has to be 1-1000000000000" }]);
    }
    example
}

/// API Gateway checks tokens and holds back floods before a request gets here, in its own words.
pub(super) fn add_gateway_answers(responses: &mut Value) {
    let schema = json!({ "$ref": "#/components/schemas/GatewayMessage" });
    let by_gateway = json!({ "schema": schema });
    responses["401"]["content"]["application/json"] = by_gateway.clone();
    // Without a correlation id: the gateway knows none.
    responses["401"]["headers"] = headers(&["WWW-Authenticate"]);
    responses["429"] = json!({
        "description": "Too many requests at once; answered by the gateway.",
        "content": { "application/json": by_gateway },
    });
}

/// What operations refer to.
pub(super) fn components(mut schemas: Schemas) -> Value {
    schemas.also_written::<problem::Body<'static>>();
    let mut schemas = schemas.finish();
    schemas.insert("GatewayMessage".to_owned(), gateway_message());
    json!({
        "schemas": schemas,
        "parameters": {
            "CorrelationId": {
                "name": "X-Correlation-Id", "in": "header",
                "description": "Names the chain of everything the request causes; made where there is none.",
                "schema": correlation_id(),
            },
            "Traceparent": {
                "name": "traceparent", "in": "header",
                "description": "W3C trace context. A malformed one is ignored.",
                "schema": { "type": "string" },
                "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            },
            "StripeSignature": {
                "name": "Stripe-Signature", "in": "header", "required": true,
                "description": "When it was signed, and the HMAC-SHA256 of that and the body under a secret of the endpoint.",
                "schema": { "type": "string", "pattern": "^t=[0-9]{1,12}(,v1=[0-9a-f]{64}){1,16}$" },
            },
            "IdempotencyKey": idempotency_key(false),
            "RequiredIdempotencyKey": idempotency_key(true),
        },
        "headers": {
            "X-Correlation-Id": {
                "description": "The chain to search for: the caller's name of it, or the one that was made.",
                "required": true,
                "schema": correlation_id(),
            },
            "Idempotent-Replayed": {
                "description": "The command was done before; this is the answer it got then.",
                "schema": { "const": "true" },
            },
            "Location": {
                "description": "The path of what was made.",
                "required": true,
                "schema": { "type": "string", "format": "uri-reference" },
            },
            "Vary": {
                "description": "What of the request decided about the form of the answer.",
                "required": true,
                "schema": { "const": "accept" },
            },
            "Content-Disposition": {
                "description": "On a file: that it is one, and what it is called.",
                "schema": { "type": "string", "pattern": "^attachment; filename=" },
            },
            "Link": {
                "description": "On a file that goes on: where the next part is, as `rel=\"next\"`.",
                "schema": { "type": "string" },
            },
            "Retry-After": {
                "description": "Where trying again may help: not before so many seconds.",
                "schema": { "type": "integer", "minimum": 1 },
            },
            "WWW-Authenticate": {
                "description": "What is missing.",
                "schema": { "type": "string" },
            },
        },
        "securitySchemes": {
            "token": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "Says whose data it is about: all of it belongs to a tenant.",
            },
        },
    })
}

fn idempotency_key(required: bool) -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": required,
        "description": "Sent again with the same key, the same request is answered as it was, and not done again.",
        // Space around a header's value does not count.
        "schema": { "type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$" },
        "example": "order-4711",
    })
}

fn correlation_id() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$", "examples": ["req-2f6a"] })
}

fn gateway_message() -> Value {
    json!({
        "description": "What the gateway answers by itself.",
        "type": "object",
        "required": ["message"],
        "properties": { "message": { "type": "string" } },
    })
}
