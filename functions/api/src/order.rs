//! An order: a request that asks for something to be done, and what a caller sends along with it.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use postroom::{Idempotency, IdempotencyKey, Origin};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::exchange::MAX_BODY_BYTES;
use crate::kind::Kind;
use crate::problem::Problem;

/// By which a caller recognises the retries of one order.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An order that its path says all of. What its body says is not read.
pub(crate) struct Order {
    pub(crate) origin: Origin,
}

/// An order with a body of shape `T`.
pub(crate) struct OrderOf<T> {
    pub(crate) origin: Origin,
    pub(crate) input: T,
}

/// An order with a body of shape `T` that moves money: without an idempotency key it is not taken.
pub(crate) struct KeyedOrderOf<T> {
    pub(crate) origin: Origin,
    pub(crate) input: T,
}

/// A body of shape `T`, of a request that takes no idempotency key.
pub(crate) struct BodyOf<T>(pub(crate) T);

impl FromRequest<App> for Order {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (origin, ..) = take(request, app).await?;
        Ok(Self { origin })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for OrderOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (origin, parts, body) = take(request, app).await?;
        Ok(Self { origin, input: body::read(&parts.headers, &body)? })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for KeyedOrderOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (origin, parts, body) = take(request, app).await?;
        if origin.idempotency.is_none() {
            return Err(Problem::new(Kind::IDEMPOTENCY_KEY_REQUIRED)
                .detail("what moves money needs an `Idempotency-Key`"));
        }
        Ok(Self { origin, input: body::read(&parts.headers, &body)? })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for BodyOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = read(body).await?;
        Ok(Self(body::read(&parts.headers, &body)?))
    }
}

/// Who orders, and the request in its parts.
async fn take(request: Request, app: &App) -> Result<(Origin, Parts, Bytes), Problem> {
    let (mut parts, body) = request.into_parts();
    let Caller { mut origin } = Caller::from_request_parts(&mut parts, app).await?;
    let key = idempotency_key(&parts)?;
    let body = read(body).await?;
    origin.idempotency = key.map(|key| {
        let fingerprint = fingerprint(&parts.method, parts.uri.path(), &body);
        Idempotency { key, fingerprint }
    });
    Ok((origin, parts, body))
}

/// The body, byte for byte.
pub(crate) async fn read(body: Body) -> Result<Bytes, Problem> {
    // Lambda delivered it whole: there is no other way to fail than by its length.
    let body = to_bytes(body, MAX_BODY_BYTES).await;
    body.map_err(|_| Problem::new(Kind::BODY_TOO_LARGE))
}

fn idempotency_key(parts: &Parts) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    // A value that is not ASCII is no key either; the lossy text says so.
    let key = String::from_utf8_lossy(value.as_bytes()).parse();
    key.map(Some).map_err(|invalid: postroom::InvalidId| {
        Problem::new(Kind::INVALID_IDEMPOTENCY_KEY).detail(invalid.to_string())
    })
}

/// What a request asks for, condensed: SHA-256 over `POST`, line feed, path, line feed and body, in base64url.
///
/// Neither a method nor a path contains a line feed: no two requests read the same.
fn fingerprint(method: &Method, path: &str, body: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(method.as_str())
        .chain_update("\n")
        .chain_update(path)
        .chain_update("\n")
        .chain_update(body)
        .finalize();
    BASE64_URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_path_and_body_all_count_each_in_its_place() {
        let of =
            |method: Method, path: &str, body: &str| fingerprint(&method, path, body.as_bytes());
        let one = of(Method::POST, "/a", "b");

        assert_eq!(one, of(Method::POST, "/a", "b"));
        for other in [
            of(Method::PUT, "/a", "b"),
            of(Method::POST, "/b", "b"),
            of(Method::POST, "/ab", ""),
            of(Method::POST, "/a", "b "),
            of(Method::POST, "/", "a\nb"),
        ] {
            assert_ne!(one, other);
        }
    }
}
