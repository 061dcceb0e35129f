//! The streams of tables, as Lambda itself reads them: uncounted and past all faults.

use serde_json::{Value, json};

use super::AwsError;
use super::dynamodb::DynamoDbClient;
use crate::template::REGION;

/// The region that the database takes itself to be in.
const ITS_REGION: &str = "dynoxide";

/// Reads streams; clones share connections.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    client: DynamoDbClient,
}

/// The shard of a stream: the database has one for each table, which never ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The stream's, with our region.
    pub(crate) stream_arn: String,
    pub(crate) id: String,
}

/// Some of a shard's records, and where it goes on.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) records: Vec<Value>,
    pub(crate) next: String,
}

impl Streams {
    pub(super) fn new(client: DynamoDbClient) -> Self {
        Self { client }
    }

    /// The shard of a table's stream.
    pub(crate) async fn shard(&self, table: &str) -> Result<Shard, AwsError> {
        let described = self.call("DescribeTable", json!({ "TableName": table })).await?;
        let stream_arn = text(&described["Table"], "LatestStreamArn");
        let described = self.call("DescribeStream", json!({ "StreamArn": stream_arn })).await?;
        let id = text(&described["StreamDescription"]["Shards"][0], "ShardId");
        let (theirs, ours) = (format!(":{ITS_REGION}:"), format!(":{REGION}:"));
        Ok(Shard { stream_arn: stream_arn.replacen(&theirs, &ours, 1), id })
    }

    /// Where a shard is read from: `TRIM_HORIZON` is its oldest record, `LATEST` behind its newest.
    pub(crate) async fn start(&self, shard: &Shard, position: &str) -> Result<String, AwsError> {
        let request = json!({
            "StreamArn": shard.stream_arn,
            "ShardId": shard.id,
            "ShardIteratorType": position,
        });
        Ok(text(&self.call("GetShardIterator", request).await?, "ShardIterator"))
    }

    /// At most `limit` records from an iterator on.
    pub(crate) async fn read(&self, iterator: &str, limit: usize) -> Result<Records, AwsError> {
        let request = json!({ "ShardIterator": iterator, "Limit": limit });
        let mut answer = self.call("GetRecords", request).await?;
        let records = answer["Records"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Ok(Records { records, next: text(&answer, "NextShardIterator") })
    }

    async fn call(&self, operation: &'static str, request: Value) -> Result<Value, AwsError> {
        Ok(self.client.call(operation, &request).await??)
    }
}

fn text(of: &Value, member: &str) -> String {
    of[member].as_str().unwrap_or_default().to_owned()
}
