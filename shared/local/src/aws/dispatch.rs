//! From a request to its answer: which page or service, which fault, which caller.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use s3s::Body;
use s3s::service::S3Service;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Killer;
use super::calls::Calls;
use super::dynamodb::DynamoDbClient;
use super::faults::{Effect, Fault, Faults};
use super::reply::{self, Reply};
use super::target::{Service, Target, caller, is_query};
use crate::faults::InvalidFault;
use crate::secrets::{Secrets, protocol as secrets};
use crate::ses::Ses;
use crate::ses::protocol as ses;
use crate::sns::Sns;
use crate::sns::protocol::{self as sns, Form};
use crate::sqs::Sqs;
use crate::sqs::protocol::{self, Call};

/// DynamoDB takes requests of 16 MB; SQS takes less.
// The same bound as the embedded database's own, dynoxide 3.2.0, `src/server/mod.rs`.
const BODY_BYTES: usize = 16 * 1_024 * 1_024;

const TRANSACTION: &str = "TransactWriteItems";
const FAULT: &str = "a fault of the local system, see /_faults";

/// How long a call that times out is held: longer than any client waits for its answer.
const HELD: Duration = Duration::from_mins(1);

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault demands that there is no answer")]
pub(super) struct Unanswered;

/// Everything that an answer takes.
pub(super) struct Dispatcher {
    url: String,
    services: Services,
    killer: Arc<dyn Killer>,
    calls: Calls,
    faults: Faults,
}

/// Who is behind it.
pub(super) struct Services {
    pub(super) sqs: Sqs,
    pub(super) sns: Sns,
    pub(super) ses: Ses,
    pub(super) secrets: Secrets,
    pub(super) s3: S3Service,
    pub(super) dynamodb: DynamoDbClient,
}

impl Dispatcher {
    pub(super) fn new(url: String, services: Services, killer: Arc<dyn Killer>) -> Self {
        Self { url, services, killer, calls: Calls::default(), faults: Faults::default() }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Unanswered> {
        let (parts, body) = request.into_parts();
        if matches!(parts.uri.path(), "/_calls" | "/_faults") {
            return Ok(match whole(body).await? {
                Ok(body) => self.page(&parts, &body),
                Err(too_large) => too_large,
            });
        }
        if is_query(&parts) {
            return match whole(body).await? {
                Ok(body) => self.answer_sns(&parts, &body).await,
                Err(too_large) => Ok(too_large),
            };
        }
        match Target::of(&parts) {
            // What is uploaded is passed on as it arrives.
            Some(target) if target.service == Service::S3 => {
                let has_body = !body.is_end_stream();
                let asked = Request::from_parts(parts.clone(), body.into());
                let caller = caller(&parts);
                let mut reply =
                    self.call(&target, caller, &Bytes::new(), self.ask_s3(asked)).await?;
                if has_body && !reply.status().is_success() {
                    reply::set_connection_close(&mut reply);
                }
                Ok(reply)
            }
            Some(target) => match whole(body).await? {
                Ok(body) => {
                    let perform = self.perform(&target, &parts, body.clone());
                    self.call(&target, caller(&parts), &body, perform).await
                }
                Err(too_large) => Ok(too_large),
            },
            None => Ok(unknown_operation(
                "X-Amz-Target names none of the services here, DynamoDB, DynamoDB Streams, Secrets Manager and SQS, and for S3 or SNS \
                 the request is not",
            )),
        }
    }

    fn page(&self, parts: &Parts, body: &[u8]) -> Reply {
        match (&parts.method, parts.uri.path()) {
            (&Method::GET, "/_calls") => reply::json(StatusCode::OK, &self.calls.report()),
            (&Method::DELETE, "/_calls") => {
                self.calls.reset();
                reply::no_content()
            }
            (&Method::POST, "/_faults") => {
                match Fault::read(body, &self.killer.functions())
                    .and_then(|fault| self.faults.add(fault))
                {
                    Ok(()) => reply::no_content(),
                    Err(error) => refused_fault(&error),
                }
            }
            (&Method::GET, "/_faults") => {
                reply::json(StatusCode::OK, &json!({ "applied": self.faults.applied() }))
            }
            (&Method::DELETE, "/_faults") => {
                self.faults.clear();
                reply::no_content()
            }
            _ => {
                let message = "the method is not one of this page";
                reply::json(StatusCode::METHOD_NOT_ALLOWED, &json!({ "message": message }))
            }
        }
    }

    /// Counts the call, lets a fault have its effect, and has the service `perform` it.
    async fn call(
        &self,
        target: &Target<'_>,
        caller: &str,
        body: &[u8],
        perform: impl Future<Output = Reply>,
    ) -> Result<Reply, Unanswered> {
        self.calls.count(caller, target);
        match self.faults.take(caller, target) {
            None => {}
            Some(Effect::Refuse(status)) => return Ok(refusal(status, target, body)),
            Some(Effect::Delay(delay)) => sleep(delay).await,
            Some(Effect::KillBefore) => {
                self.killer.kill(caller);
                return Err(Unanswered);
            }
            Some(Effect::KillAfter) => {
                perform.await;
                self.killer.kill(caller);
                return Err(Unanswered);
            }
            Some(Effect::TimeOutBefore) => {
                sleep(HELD).await;
                return Err(Unanswered);
            }
            Some(Effect::TimeOutAfter) => {
                perform.await;
                sleep(HELD).await;
                return Err(Unanswered);
            }
            Some(Effect::DropResponse) => {
                perform.await;
                return Err(Unanswered);
            }
        }
        Ok(perform.await)
    }

    async fn perform(&self, target: &Target<'_>, parts: &Parts, body: Bytes) -> Reply {
        match target.service {
            Service::DynamoDb | Service::DynamoDbStreams => {
                let forwarded = body.clone();
                let answer = self
                    .services
                    .dynamodb
                    .forward(target.operation, &parts.headers, forwarded)
                    .await;
                answer.unwrap_or_else(|error| {
                    tracing::error!(%error, "the embedded DynamoDB did not answer {target}");
                    refusal(StatusCode::INTERNAL_SERVER_ERROR, target, &body)
                })
            }
            Service::Sqs => self.ask_sqs(target, parts, &body).await,
            Service::S3 => self.ask_s3(Request::from_parts(parts.clone(), body.into())).await,
            Service::SecretsManager => self.ask_secrets(target.operation, &body),
            Service::Ses => self.ask_ses(parts, &body),
            Service::Sns => self.ask_sns(parts, &Form::read(&body)),
        }
    }

    async fn answer_sns(&self, parts: &Parts, body: &Bytes) -> Result<Reply, Unanswered> {
        let form = Form::read(body);
        let target = Target { service: Service::Sns, operation: form.action() };
        self.call(&target, caller(parts), body, async { self.ask_sns(parts, &form) }).await
    }

    fn ask_sns(&self, parts: &Parts, form: &Form) -> Reply {
        let trace_header = parts.headers.get("x-amzn-trace-id").and_then(|it| it.to_str().ok());
        match sns::answer(&self.services.sns, form, trace_header) {
            Ok(answer) => reply::sns(StatusCode::OK, answer),
            Err(error) => {
                let (status, body) = sns::refusal(&error);
                reply::sns(status, body)
            }
        }
    }

    fn ask_secrets(&self, operation: &str, body: &[u8]) -> Reply {
        match secrets::answer(&self.services.secrets, operation, body) {
            Ok(answer) => reply::aws(StatusCode::OK, &answer),
            Err(error) => {
                let (status, name, message) = secrets::refusal(&error);
                reply::aws_error(status, name, &message)
            }
        }
    }

    fn ask_ses(&self, parts: &Parts, body: &[u8]) -> Reply {
        match ses::answer(&self.services.ses, parts, body) {
            Ok(answer) => reply::json(StatusCode::OK, &answer),
            Err(error) => {
                let (status, name, body) = ses::refusal(&error);
                reply::ses_error(status, name, &body)
            }
        }
    }

    async fn ask_s3(&self, request: Request<Body>) -> Reply {
        self.services.s3.call(request).await.unwrap_or_else(|error| {
            tracing::error!(?error, "S3 did not answer");
            reply::s3_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "S3 did not answer")
        })
    }

    async fn ask_sqs(&self, target: &Target<'_>, parts: &Parts, body: &[u8]) -> Reply {
        let caller = caller(parts);
        let call = Call { action: target.operation, body, caller, endpoint: &self.url };
        match protocol::answer(&self.services.sqs, call).await {
            Ok(answer) => reply::aws(StatusCode::OK, &answer),
            Err(error) => {
                let refusal = protocol::refusal(&error);
                let mut reply = reply::aws(StatusCode::BAD_REQUEST, &refusal.body);
                reply::set_query_error(&mut reply, &refusal.query_error);
                reply
            }
        }
    }
}

/// A body that is read before anything is done; the inner error is the answer to one that is too large.
async fn whole(body: Incoming) -> Result<Result<Bytes, Reply>, Unanswered> {
    match Limited::new(body, BODY_BYTES).collect().await {
        Ok(body) => Ok(Ok(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(Err(reply::aws_error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            "the request is larger than 16 MiB",
        ))),
        // The client went away in the middle of its request.
        Err(_) => Err(Unanswered),
    }
}

/// What the service says with that status when it is in trouble. All but 403 are retried.
fn refusal(status: StatusCode, target: &Target<'_>, body: &[u8]) -> Reply {
    if target.service == Service::S3 {
        let code = match status {
            StatusCode::BAD_REQUEST => "RequestTimeout",
            StatusCode::FORBIDDEN => "AccessDenied",
            StatusCode::SERVICE_UNAVAILABLE => "SlowDown",
            _ => "InternalError",
        };
        return reply::s3_error(status, code, FAULT);
    }
    if target.service == Service::Ses {
        // A throttled call is none that was bad.
        let (status, name) = match status {
            StatusCode::BAD_REQUEST => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
            StatusCode::FORBIDDEN => (status, "AccessDeniedException"),
            StatusCode::SERVICE_UNAVAILABLE => (status, "ServiceUnavailableException"),
            _ => (status, "InternalServiceErrorException"),
        };
        return reply::ses_error(status, name, &json!({ "message": FAULT }));
    }
    if target.service == Service::Sns {
        let code = match status {
            StatusCode::BAD_REQUEST => "Throttling",
            StatusCode::FORBIDDEN => "AuthorizationError",
            StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
            _ => "InternalError",
        };
        let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
        return reply::sns(status, sns::error_body(fault, code, FAULT));
    }
    let code = match (status, target.service) {
        (StatusCode::BAD_REQUEST, Service::DynamoDb) if target.operation == TRANSACTION => {
            return throttled_transaction(body);
        }
        (StatusCode::BAD_REQUEST, Service::Sqs) => "RequestThrottled",
        (StatusCode::BAD_REQUEST, Service::DynamoDb) => "ProvisionedThroughputExceededException",
        (StatusCode::BAD_REQUEST, Service::DynamoDbStreams | Service::SecretsManager) => {
            "ThrottlingException"
        }
        (StatusCode::FORBIDDEN, _) => "AccessDeniedException",
        (StatusCode::SERVICE_UNAVAILABLE, _) => "ServiceUnavailable",
        (_, Service::Sqs) => "InternalFailure",
        (_, Service::SecretsManager) => "InternalServiceError",
        (_, _) => "InternalServerError",
    };
    reply::aws_error(status, code, FAULT)
}

/// A transaction is not refused as other calls are: it is cancelled, with a reason for each of its actions.
// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>, from memory 2026-11-21.
fn throttled_transaction(body: &[u8]) -> Reply {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let actions = request["TransactItems"].as_array().map_or(1, Vec::len);
    let reason = |index| match index {
        0 => json!({ "Code": "ThrottlingError", "Message": FAULT }),
        _ => json!({ "Code": "None" }),
    };
    let reasons: Vec<Value> = (0..actions).map(reason).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    reply::aws(StatusCode::BAD_REQUEST, &body)
}

fn unknown_operation(message: &str) -> Reply {
    reply::aws_error(StatusCode::BAD_REQUEST, "UnknownOperationException", message)
}

fn refused_fault(error: &InvalidFault) -> Reply {
    let body = json!({ "field": error.member, "message": error.to_string() });
    reply::json(StatusCode::BAD_REQUEST, &body)
}
