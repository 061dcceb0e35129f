//! The embedded DynamoDB: `dynoxide` in this process, on a loopback port of its own.

use std::error::Error;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response};
use rusqlite::Connection;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::endpoint::AwsError;
use super::reply::Reply;

/// Requests take milliseconds; this bounds one that never ends.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Where it is kept.
const FILE: &str = "dynamodb.sqlite";

const TARGET: &str = "x-amz-target";
const DATE: &str = "x-amz-date";
const CHECKSUM: &str = "x-amz-crc32";

/// What the database needs of a request: it insists on a signature but does not check it.
const FORWARDED: [&str; 4] = ["authorization", "content-type", TARGET, DATE];
const RETURNED: [&str; 3] = ["content-type", CHECKSUM, "x-amzn-requestid"];

/// The database says that its region is `dynoxide`. In answers to these operations that can only
/// stand in an ARN or in the record's region; in all others it may be anyone's data.
const WITH_ARNS: [&str; 9] = [
    "CreateTable",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeStream",
    "DescribeTable",
    "ListStreams",
    "UpdateContinuousBackups",
    "UpdateTable",
    "ListTagsOfResource",
];

/// The running database.
pub(super) struct DynamoDb {
    client: DynamoDbClient,
    stopping: watch::Sender<bool>,
    server: JoinSet<Result<(), String>>,
}

/// A way to the database; clones share its connections.
#[derive(Debug, Clone)]
pub(super) struct DynamoDbClient {
    url: String,
    http: reqwest::Client,
}

/// The database's refusal of a request.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) operation: &'static str,
    /// The shape without its namespace.
    pub(super) code: String,
    pub(super) message: String,
}

impl DynamoDb {
    /// Opens the database, in memory or in `DIR/dynamodb.sqlite`.
    pub(super) async fn start(directory: Option<&Path>) -> Result<Self, AwsError> {
        let broken = |reason: String| AwsError::Database { reason };
        let database = open(directory)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| broken(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| broken(error.to_string()))?;
        // A proxy of the environment is not meant for the loopback address.
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build();
        let http = http.map_err(|error| broken(error.to_string()))?;
        let (stopping, mut stopped) = watch::channel(false);
        let mut server = JoinSet::new();
        server.spawn(dynoxide::server::serve_with_shutdown(listener, database, async move {
            // A closed channel is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        }));
        let client = DynamoDbClient { url: format!("http://{address}/"), http };
        Ok(Self { client, stopping, server })
    }

    pub(super) fn client(&self) -> DynamoDbClient {
        self.client.clone()
    }

    pub(super) async fn stop(mut self) {
        self.stopping.send_replace(true);
        drop(self.client);
        match timeout(STOP_TIMEOUT, self.server.join_next()).await {
            Ok(Some(Ok(Ok(())))) => {}
            outcome => tracing::debug!(?outcome, "the embedded DynamoDB did not stop by itself"),
        }
        self.server.shutdown().await;
    }
}

impl DynamoDbClient {
    /// Passes a client's request on and the answer back.
    pub(super) async fn forward(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Reply, reqwest::Error> {
        let request = self.http.post(&self.url).headers(chosen(headers, &FORWARDED)).body(body);
        let answer = request.send().await?;
        let (status, mut returned) = (answer.status(), chosen(answer.headers(), &RETURNED));
        let mut body = answer.bytes().await?;
        if let Some(corrected) = with_region(operation, &body) {
            body = corrected;
            returned.remove(CHECKSUM);
        }
        let mut reply = Response::new(body.into());
        *reply.status_mut() = status;
        *reply.headers_mut() = returned;
        Ok(reply)
    }

    /// Makes a request of the local system itself.
    pub(super) async fn call(
        &self,
        operation: &'static str,
        request: &Value,
    ) -> Result<Result<Value, Refused>, AwsError> {
        let unanswered = |source| AwsError::Unanswered { operation, source };
        let signature = HeaderValue::from_static(
            "AWS4-HMAC-SHA256 Credential=local/20260131/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0",
        );
        let answer = self
            .http
            .post(&self.url)
            .header(TARGET, format!("DynamoDB_20120810.{operation}"))
            .header(DATE, "20260131T000000Z")
            .header(AUTHORIZATION, signature)
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .body(request.to_string())
            .send()
            .await
            .map_err(unanswered)?;
        let accepted = answer.status().is_success();
        let body: Value = answer.json().await.map_err(unanswered)?;
        if accepted {
            return Ok(Ok(body));
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let code = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
        let message = [text("message"), text("Message")].concat();
        Ok(Err(Refused { operation, code, message }))
    }
}

/// Opens the database with the indexes that it lacks.
fn open(directory: Option<&Path>) -> Result<Database, AwsError> {
    let broken = |error: &dyn Error| AwsError::Database { reason: error.to_string() };
    let Some(directory) = directory else {
        // A database in memory is out of reach for others: it begins as the copy of one that is not.
        let blank = tempfile::tempdir().map_err(|error| broken(&error))?;
        let path = blank.path().join(FILE);
        drop(at(&path)?);
        index(&path).map_err(|error| broken(&error))?;
        let database = Database::memory().map_err(|error| broken(&error))?;
        database.restore_from(&path.to_string_lossy()).map_err(|error| broken(&error))?;
        return Ok(database);
    };
    std::fs::create_dir_all(directory)
        .map_err(|source| AwsError::Data { path: directory.to_owned(), source })?;
    let path = directory.join(FILE);
    drop(at(&path)?);
    index(&path).map_err(|error| broken(&error))?;
    at(&path)
}

fn at(path: &Path) -> Result<Database, AwsError> {
    let opened = Database::new(&path.to_string_lossy());
    opened.map_err(|error| AwsError::Database { reason: error.to_string() })
}

/// Lets the database find a stream's newest record, and those behind one, without reading all of them. It looks for the
/// newest whenever it writes to a table that has a stream, so that each write took longer than the one before.
// dynoxide 3.2.0, `src/storage.rs`, `next_stream_sequence_number` and `get_stream_records`.
fn index(path: &Path) -> Result<(), rusqlite::Error> {
    Connection::open(path)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS local_stream_records \
         ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));
         CREATE INDEX IF NOT EXISTS local_newest_stream_record \
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER));",
    )
}

fn chosen(headers: &HeaderMap, names: &[&'static str]) -> HeaderMap {
    let found =
        |name: &&'static str| Some((HeaderName::from_static(name), headers.get(*name)?.clone()));
    names.iter().filter_map(found).collect()
}

fn with_region(operation: &str, body: &Bytes) -> Option<Bytes> {
    let (wrong, right) = if WITH_ARNS.contains(&operation) {
        ("arn:aws:dynamodb:dynoxide:", "arn:aws:dynamodb:us-east-1:")
    } else if operation == "GetRecords" {
        // Quotes inside data are escaped, so this is never data.
        (r#""awsRegion":"dynoxide""#, r#""awsRegion":"us-east-1""#)
    } else {
        return None;
    };
    let text = std::str::from_utf8(body).ok()?;
    text.contains(wrong).then(|| text.replace(wrong, right).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streams_newest_record_is_found_without_reading_all_wherever_the_database_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let newest = "EXPLAIN QUERY PLAN SELECT MAX(CAST(sequence_number AS INTEGER)) \
                      FROM _stream_records WHERE table_name = 'journal'";
        let behind = "EXPLAIN QUERY PLAN SELECT id FROM _stream_records WHERE table_name = 'journal' \
                      AND shard_id = 'one' AND CAST(sequence_number AS INTEGER) > 7 \
                      ORDER BY CAST(sequence_number AS INTEGER)";
        for (kept, name) in [(None, "copy-of-memory"), (Some(directory.path()), "copy-of-file")] {
            let database = open(kept).expect("opened");
            let copy = directory.path().join(name);
            database.vacuum_into(&copy.to_string_lossy()).expect("copied");
            let copy = Connection::open(copy).expect("opened");
            for (query, index) in
                [(newest, "local_newest_stream_record"), (behind, "local_stream_records")]
            {
                let plan =
                    copy.query_row(query, [], |row| row.get::<_, String>(3)).expect("a plan");
                assert!(plan.contains(index), "{plan}");
            }
        }
    }

    #[test]
    fn arns_name_the_region_and_data_is_left_alone() {
        let body = Bytes::from_static(br#"{"TableArn":"arn:aws:dynamodb:dynoxide:0:table/t"}"#);

        let described = with_region("DescribeTable", &body);
        let data = with_region("GetItem", &body);

        assert_eq!(
            described.as_deref(),
            Some(br#"{"TableArn":"arn:aws:dynamodb:us-east-1:0:table/t"}"#.as_slice())
        );
        assert_eq!(data, None);
    }
}
