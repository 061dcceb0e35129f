//! AWS as a test asks it: as no function in particular.

use reqwest::Client;
use serde_json::{Value, json};

use crate::Reply;

/// The most pages of a table, each of 1 MB.
const PAGES: usize = 1_000;

/// Calls an operation of a service: `("DynamoDB_20120810", "Scan", {...})`.
pub async fn call(
    http: &Client,
    aws_url: &str,
    service: &str,
    action: &str,
    request: &Value,
) -> Value {
    let credential = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/any/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=0";
    let request = http
        .post(aws_url)
        .header("x-amz-target", format!("{service}.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", "20261121T000000Z")
        .header("authorization", credential)
        .body(request.to_string());
    Reply::read(request.send().await.unwrap()).await.expect(200).body
}

/// Everything in a table of the local system, whose name comes without the stack's.
pub async fn table(http: &Client, aws_url: &str, table: &str) -> Vec<Value> {
    let mut request = json!({"TableName": format!("local-{table}"), "ConsistentRead": true});
    let mut items = Vec::new();
    for _ in 0..PAGES {
        let mut scanned = call(http, aws_url, "DynamoDB_20120810", "Scan", &request).await;
        items.append(scanned["Items"].as_array_mut().unwrap());
        match scanned.get_mut("LastEvaluatedKey") {
            Some(last) => request["ExclusiveStartKey"] = last.take(),
            None => return items,
        }
    }
    panic!("more than {PAGES} pages of {table}");
}
