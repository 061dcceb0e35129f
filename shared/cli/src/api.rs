//! The system's HTTP API, as any client calls it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::Frame;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use postroom::{Classify, Clock as _, SystemClock, Verdict};
use postroom_aws::Env;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::arguments::{Arguments, UsageError};
use crate::failure::Failure;

/// Where the local system has its API.
pub(crate) const LOCAL: &str = "http://127.0.0.1:3000";
const TOKEN: &str = "POSTROOM_TOKEN";
/// How long a connection, and how long the answer to a request may take. An upload is not among them.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);
/// The most of an answer that is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// How often a request is sent, and the first wait in between; each one after is twice as long.
const SENDINGS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// How much of a file is held in memory; how much of an answer that is no JSON is told.
const PIECE_BYTES: usize = 64 * 1024;
const TOLD_CHARS: usize = 300;
/// What the API answers that lost too many races, with 409.
const LOST_RACE: &[u8] = b"/problems/lost-race";

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// One system's API, for whoever's token it is.
pub(crate) struct Api {
    base: String,
    authorization: Option<HeaderValue>,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

/// How a file is uploaded: as the API answers it.
#[derive(Debug, Deserialize)]
pub(crate) struct Upload {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// It was decided against. Permanent.
    #[error("it is refused with {status}: {reason}")]
    Refused { status: StatusCode, reason: String },
    /// The answer is a failure that may pass. Retryable.
    #[error("it is answered with {status}: {reason}")]
    Failing { status: StatusCode, reason: String },
    /// There was no answer, or not all of it. Retryable.
    #[error("there is no answer")]
    Unanswered {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer is none that this tool knows, or it names what no request can have. Permanent.
    #[error("the answer is none of this API")]
    Unknown {
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Classify for ApiError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Failing { .. } | Self::Unanswered { .. } => Verdict::Retry { after: PAUSE },
            Self::Refused { .. } | Self::Unknown { .. } => Verdict::Permanent,
        }
    }
}

impl Api {
    /// The API of the command line. Nothing is called yet.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let invalid = |option: &str, reason: &str| UsageError::Invalid {
            option: option.to_owned(),
            reason: reason.to_owned(),
        };
        let base = arguments.text("--api").unwrap_or(LOCAL).trim_end_matches('/').to_owned();
        let uri: Uri = arguments.parsed("--api")?.unwrap_or_else(|| Uri::from_static(LOCAL));
        let is_https = uri.scheme_str() == Some("https");
        if uri.authority().is_none()
            || uri.query().is_some()
            || !(is_https || uri.scheme_str() == Some("http"))
        {
            return Err(invalid("--api", "has to be a URL such as https://api.example.com").into());
        }
        let token = arguments.text("--token").map(str::to_owned);
        let token = token.or_else(|| Env::of_process().optional(TOKEN));
        let bearer = |token: String| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                // What is wrong is not repeated: it is a secret all the same.
                .map_err(|_| invalid("--token", "has characters that no token has"))?;
            value.set_sensitive(true);
            Ok::<_, UsageError>(value)
        };
        let authorization = token.map(bearer).transpose()?;
        Ok(Self { base, authorization, client: connect(is_https)? })
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        insisting(async || {
            let request = self.request(Method::GET, path).body(empty());
            read(&self.answered(request.map_err(unknown)?).await?)
        })
        .await
    }

    /// Sends an order under a key, so that it is done once however often it is sent.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        input: &Value,
    ) -> Result<T, ApiError> {
        insisting(async || {
            let request = self.request(Method::POST, path).header("idempotency-key", key);
            let request = request.header(CONTENT_TYPE, "application/json");
            let request = request.body(whole(input.to_string().into())).map_err(unknown)?;
            read(&self.answered(request).await?)
        })
        .await
    }

    /// Uploads a file of so many bytes, a piece at a time; `sent` counts them. It ends when the file has, however long that is.
    pub(crate) async fn upload(
        &self,
        upload: &Upload,
        file: &Path,
        size_bytes: u64,
        sent: &Arc<AtomicU64>,
    ) -> Result<(), ApiError> {
        insisting(async || {
            sent.store(0, Ordering::Relaxed);
            let mut request = Request::builder().method(upload.method.as_str()).uri(&upload.url);
            if let Some(headers) = request.headers_mut() {
                *headers = headers_of(upload, size_bytes)?;
            }
            let opened = File::open(file).await.map_err(unknown)?;
            let body = pieces(opened, size_bytes, Arc::clone(sent));
            let answer = self.client.request(request.body(body).map_err(unknown)?).await;
            let answer = answer.map_err(unanswered)?;
            judged(answer.status(), &collected(answer.into_body()).await?)
        })
        .await
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    async fn answered(&self, request: Request<Body>) -> Result<Bytes, ApiError> {
        let answer = async {
            let answer = self.client.request(request).await.map_err(unanswered)?;
            let (status, body) = (answer.status(), collected(answer.into_body()).await?);
            judged(status, &body)?;
            Ok(body)
        };
        timeout(ANSWER, answer).await.unwrap_or_else(|elapsed| Err(unanswered(elapsed)))
    }
}

/// Tries again what may pass, a few times.
async fn insisting<T>(attempt: impl AsyncFn() -> Result<T, ApiError>) -> Result<T, ApiError> {
    let mut pause = PAUSE;
    for _ in 1..SENDINGS {
        match attempt().await {
            Err(ApiError::Failing { .. } | ApiError::Unanswered { .. }) => {}
            decided => return decided,
        }
        SystemClock.sleep(pause).await;
        pause *= 2;
    }
    attempt().await
}

async fn collected<B>(body: B) -> Result<Bytes, ApiError>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let read = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    Ok(read.map_err(|source| ApiError::Unanswered { source })?.to_bytes())
}

/// Whether an answer is a success.
fn judged(status: StatusCode, body: &[u8]) -> Result<(), ApiError> {
    let lost_a_race = || body.windows(LOST_RACE.len()).any(|part| part == LOST_RACE);
    let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if status.is_success() {
        Ok(())
    } else if passes || (status == StatusCode::CONFLICT && lost_a_race()) {
        Err(ApiError::Failing { status, reason: reason(body) })
    } else {
        Err(ApiError::Refused { status, reason: reason(body) })
    }
}

/// What a problem says (RFC 9457), each of its fields that is wrong, and by which id it is found in the log.
fn reason(body: &[u8]) -> String {
    let Ok(Value::Object(problem)) = serde_json::from_slice(body) else {
        return String::from_utf8_lossy(body).chars().take(TOLD_CHARS).collect();
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let told =
        ["detail", "title", "message"].iter().find_map(|name| problem.get(*name).and_then(text));
    let errors = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let errors = errors.filter_map(|error| {
        Some(format!("{} {}", error["path"].as_str()?, error["message"].as_str()?))
    });
    let chain = problem.get("correlation_id").and_then(text).map(|id| format!("chain {id}"));
    told.into_iter().chain(errors).chain(chain).collect::<Vec<_>>().join("; ")
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(unknown)
}

fn unknown(source: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
    ApiError::Unknown { source: source.into() }
}

fn unanswered(source: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
    ApiError::Unanswered { source: source.into() }
}

/// The headers that an upload is sent with. Its length is said, so that it is not sent in chunks, which S3 does not take.
fn headers_of(upload: &Upload, size_bytes: u64) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &upload.headers {
        let name: HeaderName = name.parse().map_err(unknown)?;
        headers.insert(name, value.parse().map_err(unknown)?);
    }
    // Of the URL.
    headers.remove(HOST);
    headers.insert(CONTENT_LENGTH, size_bytes.into());
    Ok(headers)
}

fn empty() -> Body {
    whole(Bytes::new())
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A file, piece by piece as it is asked for, and no more of it than was announced, should it grow.
fn pieces(file: File, size_bytes: u64, sent: Arc<AtomicU64>) -> Body {
    let stream = try_unfold((file.take(size_bytes), sent), |(mut file, sent)| async move {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        if file.read_buf(&mut piece).await? == 0 {
            return Ok::<_, io::Error>(None);
        }
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        sent.fetch_add(length, Ordering::Relaxed);
        Ok(Some((Frame::data(piece.freeze()), (file, sent))))
    });
    StreamBody::new(stream).boxed_unsync()
}

/// A client. Behind TLS it trusts whom this machine trusts: the API may be anybody's. Without, it is the local system's, and
/// so is the place of uploads.
fn connect(is_https: bool) -> anyhow::Result<Client<HttpsConnector<HttpConnector>, Body>> {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_nodelay(true);
    // The TLS layer above looks at the scheme.
    tcp.enforce_http(false);
    // Named, not the process's default: that is ambiguous as soon as another crate brings a second one.
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let tls = if is_https {
        tls.with_native_roots()
            .context("the certificates that this machine trusts cannot be read")?
    } else {
        tls.with_root_certificates(RootCertStore::empty())
    };
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn api(options: &[&str]) -> Result<Api, Failure> {
        let words = ["import", "people.csv"].iter().chain(options).map(|word| (*word).to_owned());
        let arguments = Arguments::read(words).map(Option::unwrap);
        Api::of(&arguments.unwrap())
    }

    #[test]
    fn a_base_url_is_one_of_http() {
        for url in
            ["http://127.0.0.1:3000", "https://api.example.com/", "https://example.com/stage"]
        {
            assert!(api(&["--api", url]).is_ok_and(|api| url.starts_with(&api.base)), "{url}");
        }
        for url in [
            "127.0.0.1:3000",
            "/contact-imports",
            "ftp://example.com",
            "http://x/?a=b",
            "http://x/ y",
        ] {
            assert!(matches!(api(&["--api", url]), Err(Failure::Usage(_))), "{url}");
        }
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_not_told() {
        let refused = api(&["--token", "secret\nx-other: y"]).err().unwrap();

        assert!(matches!(refused, Failure::Usage(_)));
        assert!(!format!("{refused:?}").contains("secret"));
    }

    #[test]
    fn what_may_pass_is_told_from_what_was_decided() {
        let conflict = |name: &str| json!({ "type": format!("/problems/{name}") }).to_string();
        let passes = |status: u16, body: &str| {
            let judged = judged(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            judged.map_err(|error| matches!(error.verdict(), Verdict::Retry { .. }))
        };

        assert_eq!(passes(201, ""), Ok(()));
        assert_eq!(passes(503, ""), Err(true));
        assert_eq!(passes(429, ""), Err(true));
        assert_eq!(passes(409, &conflict("lost-race")), Err(true));
        assert_eq!(passes(409, &conflict("contact-import-over")), Err(false));
        assert_eq!(passes(403, "<Code>AccessDenied</Code>"), Err(false));
        assert_eq!(passes(302, ""), Err(false));
    }

    #[test]
    fn a_problem_is_told_with_its_fields_and_its_chain() {
        let problem = json!({ "title": "Invalid input", "correlation_id": "req-1",
            "errors": [{ "path": "/size_bytes", "message": "too large" }] });

        assert_eq!(
            reason(problem.to_string().as_bytes()),
            "Invalid input; /size_bytes too large; chain req-1"
        );
        assert_eq!(reason(br#"{"message":"Unauthorized"}"#), "Unauthorized");
        assert_eq!(reason(b"<Code>AccessDenied</Code>"), "<Code>AccessDenied</Code>");
    }
}
