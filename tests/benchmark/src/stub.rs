//! DynamoDB, SQS and the ad provider as a worker meets them on a good day: everything succeeds, after the same time.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{self, Request, Response};

/// How long every call takes, besides what it takes to read and write it.
pub(crate) const LATENCY: Duration = Duration::from_millis(5);

/// A running stub, and how often it was asked for what.
#[derive(Debug, Clone)]
pub(crate) struct Stub {
    pub(crate) url: String,
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Stub {
    pub(crate) fn start() -> io::Result<Self> {
        let calls = Arc::<Mutex<BTreeMap<String, u64>>>::default();
        let counted = Arc::clone(&calls);
        let address = http::serve(move |request| {
            thread::sleep(LATENCY);
            let operation = operation(request);
            let response = respond(&operation, request);
            *lock(&counted).entry(operation).or_default() += 1;
            response
        })?;
        Ok(Self { url: format!("http://{address}"), calls })
    }

    /// The calls since this was asked last.
    pub(crate) fn taken(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut lock(&self.calls))
    }
}

/// The AWS operation, or `insights` for a question to the provider.
fn operation(request: &Request) -> String {
    match request.target.as_deref().and_then(|target| target.split_once('.')) {
        Some((_, operation)) => operation.to_owned(),
        None if request.path.ends_with("/insights") => "insights".to_owned(),
        None => format!("{} {}", request.method, request.path),
    }
}

fn respond(operation: &str, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match operation {
        "insights" => Response::json(r#"{"impressions":12000,"clicks":340,"spend_minor":5120}"#),
        "GetItem" => Response::json(item(&body["Key"]).to_string()),
        // A claim asks for the record before it: there was none.
        "UpdateItem" | "TransactWriteItems" | "BatchWriteItem" => Response::json("{}"),
        // Nothing that is measured needs more; the counts would name what began to.
        _ => Response::empty(501),
    }
}

/// Every campaign is there and published; of anything else, nothing.
fn item(key: &Value) -> Value {
    let (partition, id) = (&key["pk"], &key["sk"]);
    if !partition["S"].as_str().unwrap_or_default().ends_with("#campaigns") {
        return json!({});
    }
    let at = json!({"S": "2026-11-21T09:30:00Z"});
    let budget = json!({"M": {"amount_minor": {"N": "150000"}, "currency": {"S": "NZD"}}});
    let data = json!({"id": id, "name": {"S": "Summer sale"}, "channel": {"S": "facebook"},
        "budget": budget, "status": {"S": "published"}, "created_at": at, "updated_at": at,
        "published_at": at});
    json!({"Item": {"pk": partition, "sk": id, "version": {"N": "2"}, "head": {"N": "2"},
        "data": {"M": data}}})
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_campaigns_are_there() {
        let found = |partition: &str| item(&json!({"pk": {"S": partition}, "sk": {"S": "1"}}));

        assert_eq!(found("demo#campaigns")["Item"]["data"]["M"]["id"], json!({"S": "1"}));
        assert_eq!(found("demo#statistics"), json!({}));
    }
}
