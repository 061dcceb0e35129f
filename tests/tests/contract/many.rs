//! Many items by one call of DynamoDB: how many calls that is, and what becomes of those that a call leaves out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postroom::doc_example::Order;
use postroom::port::{Store, StoreError};
use postroom::{Classify, Key, Verdict};
use postroom_aws::Aws;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::endpoint::{Endpoint, environment};

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|id| Order::at(&id.to_string()).key(&"demo".parse().unwrap())).collect()
}

/// The item at a key of these tests, as DynamoDB has it.
fn item(id: usize) -> Value {
    json!({
        "pk": {"S": "demo#orders"}, "sk": {"S": id.to_string()}, "version": {"N": "1"},
        "data": {"M": {"id": {"S": id.to_string()}, "paid": {"BOOL": false}}},
    })
}

#[tokio::test]
async fn many_items_are_one_call_and_none_is_no_call() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    for id in 0..25 {
        let put = json!({"TableName": "local-state", "Item": item(id)});
        endpoint.dynamodb("PutItem", &put).await;
    }
    let store = endpoint.adapters().store;

    let found = store.get_many(&keys(100)).await.unwrap();
    store.get_many(&[]).await.unwrap();

    assert_eq!(found.iter().flatten().count(), 25);
    assert_eq!(endpoint.calls("dynamodb.BatchGetItem").await, 1);
    assert_eq!(endpoint.calls("dynamodb.GetItem").await, 0);
}

#[tokio::test]
async fn what_a_call_leaves_out_is_asked_for_again() {
    let first = json!({
        "Responses": {"local-state": [item(1)]},
        "UnprocessedKeys": {"local-state": {"Keys": [{"pk": {"S": "demo#orders"}, "sk": {"S": "0"}}]}},
    });
    let second = json!({"Responses": {"local-state": [item(0)]}, "UnprocessedKeys": {}});
    let partial = Partial::answering(vec![first, second]).await;

    let found = partial.store().get_many(&keys(3)).await.unwrap();

    let ids: Vec<_> = found.into_iter().map(|item| item.map(|item| item.key.id)).collect();
    assert_eq!(ids, [Some("0".to_owned()), Some("1".to_owned()), None]);
    assert_eq!(partial.calls(), 2);
}

#[tokio::test]
async fn what_every_call_leaves_out_is_given_up_for_now() {
    let nothing = json!({
        "Responses": {},
        "UnprocessedKeys": {"local-state": {"Keys": [{"pk": {"S": "demo#orders"}, "sk": {"S": "0"}}]}},
    });
    let partial = Partial::answering(vec![nothing; 10]).await;

    let error = partial.store().get_many(&keys(1)).await.unwrap_err();

    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(error.verdict(), Verdict::RETRY);
    assert_eq!(partial.calls(), 4);
}

/// A DynamoDB that answers as it was told, one answer a call.
struct Partial {
    url: String,
    calls: Arc<AtomicUsize>,
    /// Ended when it is dropped.
    _server: JoinSet<()>,
}

impl Partial {
    async fn answering(answers: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let mut server = JoinSet::new();
        server.spawn(async move {
            for answer in answers {
                let (connection, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                reply(connection, &answer.to_string()).await;
            }
        });
        Self { url, calls, _server: server }
    }

    fn store(&self) -> Arc<dyn Store> {
        let mut env = environment(&self.url, &[]);
        Aws::connect(&mut env).ports(&mut env, &[]).store
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// Answers the one request of a connection.
async fn reply(mut connection: TcpStream, body: &str) {
    let mut request = Vec::new();
    // Nothing in such a request is nested as deeply but its end.
    while !request.ends_with(b"}}}") {
        assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0);
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\n\
        content-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}
