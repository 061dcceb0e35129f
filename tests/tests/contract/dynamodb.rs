//! The adapters on DynamoDB, over the tables of the template.

use postroom::contract::Adapters;
use postroom::port::{Destination, OutboxRow};
use serde_json::json;

use crate::endpoint::Endpoint;

struct OnDynamo {
    adapters: Adapters,
    _endpoint: Endpoint,
}

async fn on_dynamo() -> OnDynamo {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    OnDynamo { adapters: endpoint.adapters(), _endpoint: endpoint }
}

impl AsRef<Adapters> for OnDynamo {
    fn as_ref(&self) -> &Adapters {
        &self.adapters
    }
}

postroom::store_contract!(on_dynamo);
postroom::journal_contract!(on_dynamo);
postroom::inbox_contract!(on_dynamo);
postroom::outbox_contract!(on_dynamo);
postroom::dead_letters_contract!(on_dynamo);
postroom::gate_contract!(on_dynamo);
postroom::build_rows_contract!(on_dynamo);

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_hold_up_its_shard() {
    let mut endpoint = Endpoint::with_queues(&[]).await;
    let row = OutboxRow {
        message_id: "7b0c0000-0000-5000-8000-00000000000b".parse().unwrap(),
        to: Destination::Queue("charge-card".to_owned()),
        due: "2026-11-21T09:30:00Z".parse().unwrap(),
        body: "{}".to_owned(),
        r#type: "order.placed".to_owned(),
        correlation_id: "req-1".parse().unwrap(),
        group: None,
        decision: None,
    };
    let shard = row.shard().to_string();
    let odd = json!({"shard": {"S": shard}, "due": {"S": "2026-11-21T09:00:00.000000Z#by-hand"}});
    let good = json!({
        "shard": {"S": shard}, "due": {"S": row.position()}, "handler": {"S": row.to.handler()},
        "due_at": {"S": "2026-11-21T09:30:00.000000Z"}, "type": {"S": row.r#type}, "body": {"S": row.body},
        "message_id": {"S": row.message_id.to_string()}, "correlation_id": {"S": "req-1"},
    });
    for item in [odd, good] {
        let put = json!({"TableName": "local-outbox", "Item": item});
        endpoint.dynamodb("PutItem", &put).await;
    }

    let due = endpoint.adapters().outbox.due(row.shard(), row.due, None).await.unwrap();

    assert_eq!(due.items, [row]);
}
