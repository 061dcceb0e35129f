//! Breakers on DynamoDB, in the inbox table: one item a provider, changed by one conditional write.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use postroom::port::{Breaker, BreakerChange, Breakers, Changed, StoreError};
use postroom::{BoxFuture, sortable};

use crate::attributes::{Attributes, Reading, number, text};
use crate::aws::DynamoClients;
use crate::classify::store_error;
use crate::keys::{BREAKER, KEY, OPENINGS, PROBE_AT, PROBE_UNTIL, PROBER};

const READ: &str = "read a breaker";

/// Keeps breakers in the inbox table.
#[derive(Debug, Clone)]
pub struct DynamoBreakers {
    clients: DynamoClients,
    table: String,
}

impl DynamoBreakers {
    /// The breakers in a table.
    pub fn new(clients: DynamoClients, table: String) -> Self {
        Self { clients, table }
    }

    // Neither call is repeated: whoever asks has a message waiting, and goes on without an answer.
    async fn read(&self, provider: &str) -> Result<Breaker, StoreError> {
        let get = self.clients.once.get_item().table_name(&self.table);
        let get = get.key(KEY, text(key(provider))).consistent_read(true);
        let found = get.send().await.map_err(|error| store_error(READ, error))?;
        found.item.map_or(Ok(Breaker::Closed), breaker)
    }

    async fn write(&self, change: &BreakerChange<'_>) -> Result<Changed, StoreError> {
        let put = self.clients.once.put_item().table_name(&self.table);
        let put = put
            .set_item(Some(item(change.provider, change.to)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#breaker", BREAKER)
            .expression_attribute_values(":from", text(name(change.from)));
        let put = match change.from {
            Breaker::Closed => {
                put.condition_expression("attribute_not_exists(#breaker) OR #breaker = :from")
            }
            Breaker::Open { openings, probe_at } => put
                .condition_expression(
                    "#breaker = :from AND #openings = :openings AND #probe_at = :probe_at",
                )
                .expression_attribute_names("#openings", OPENINGS)
                .expression_attribute_names("#probe_at", PROBE_AT)
                .expression_attribute_values(":openings", number(openings))
                .expression_attribute_values(":probe_at", text(sortable(probe_at))),
            Breaker::Probing { prober, .. } => put
                .condition_expression("#breaker = :from AND #prober = :prober")
                .expression_attribute_names("#prober", PROBER)
                .expression_attribute_values(":prober", text(prober.to_string())),
        };
        let Err(error) = put.send().await else { return Ok(Changed::Yes) };
        let found = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => refused.item.clone(),
            _ => return Err(store_error("change a breaker", error)),
        };
        let found = found.map_or(Ok(Breaker::Closed), breaker)?;
        Ok(if found == change.to { Changed::Yes } else { Changed::No { found } })
    }
}

impl Breakers for DynamoBreakers {
    fn find<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<Breaker, StoreError>> {
        Box::pin(self.read(provider))
    }

    fn change<'a>(
        &'a self,
        change: &'a BreakerChange<'a>,
    ) -> BoxFuture<'a, Result<Changed, StoreError>> {
        Box::pin(self.write(change))
    }
}

/// The key of a provider's breaker. No handler is called `breaker`.
fn key(provider: &str) -> String {
    format!("breaker#{provider}")
}

/// A breaker as it is kept.
pub(crate) fn item(provider: &str, breaker: Breaker) -> Attributes {
    let mut item = Attributes::from([
        (KEY.to_owned(), text(key(provider))),
        (BREAKER.to_owned(), text(name(breaker))),
    ]);
    let mut put = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    match breaker {
        Breaker::Closed => {}
        Breaker::Open { openings, probe_at } => {
            put(OPENINGS, number(openings));
            put(PROBE_AT, text(sortable(probe_at)));
        }
        Breaker::Probing { openings, prober, until } => {
            put(OPENINGS, number(openings));
            put(PROBER, text(prober.to_string()));
            put(PROBE_UNTIL, text(sortable(until)));
        }
    }
    item
}

fn breaker(attributes: Attributes) -> Result<Breaker, StoreError> {
    let mut item = Reading::of(attributes, READ);
    let openings = item.optional_number(OPENINGS)?.unwrap_or(1);
    match item.text(BREAKER)?.as_str() {
        "closed" => Ok(Breaker::Closed),
        "open" => Ok(Breaker::Open { openings, probe_at: item.parsed(PROBE_AT)? }),
        "probing" => {
            let (prober, until) = (item.parsed(PROBER)?, item.parsed(PROBE_UNTIL)?);
            Ok(Breaker::Probing { openings, prober, until })
        }
        other => Err(item.corrupt(BREAKER, &format_args!("is `{other}`"))),
    }
}

fn name(breaker: Breaker) -> &'static str {
    match breaker {
        Breaker::Closed => "closed",
        Breaker::Open { .. } => "open",
        Breaker::Probing { .. } => "probing",
    }
}
