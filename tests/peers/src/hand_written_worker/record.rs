//! Writing down what the provider said: statistics, event and run in one transaction.

use std::borrow::Cow;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde_json::json;
use uuid::Uuid;

use crate::Worker;
use crate::claim::{chain, run_key, sortable};
use crate::message::{CampaignPublished, Money, StatisticsSynced, Synced};
use crate::provider::Insights;
use crate::state::{Campaign, Item, key};

const COMPLETE: &str = "SET #status = :done, finished_at = :finished_at, #token = :token, \
    actions = :actions REMOVE #owner, lease_until";

/// What the statistics were before, and what happens to them now.
struct Change<'a> {
    before: Option<Item<IgnoredAny>>,
    synced: Synced<'a>,
    at: String,
}

impl Worker {
    pub(crate) async fn record(
        &self,
        event: &CampaignPublished,
        owner: &str,
        campaign: &Item<Campaign>,
        insights: &Insights,
    ) -> anyhow::Result<()> {
        let currency = Cow::Borrowed(&*campaign.data.budget.currency);
        let change = Change {
            before: self.item("statistics", event).await?,
            synced: Synced {
                campaign_id: &event.data.campaign_id,
                impressions: insights.impressions,
                clicks: insights.clicks,
                spend: Money { amount_minor: insights.spend_minor, currency },
            },
            at: sortable(Timestamp::now()),
        };
        let token = Uuid::now_v7().to_string();
        let (statistics, journal) = (self.statistics(event, &change)?, self.event(event, &change)?);
        let run = self.completed(event, owner, &change.at, &token)?;
        self.dynamodb
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(statistics).build())
            .transact_items(TransactWriteItem::builder().put(journal).build())
            .transact_items(TransactWriteItem::builder().update(run).build())
            .client_request_token(token)
            .send()
            .await?;
        Ok(())
    }

    fn statistics(&self, event: &CampaignPublished, change: &Change<'_>) -> anyhow::Result<Put> {
        let Synced { campaign_id, impressions, clicks, spend } = &change.synced;
        let data = json!({"campaign_id": campaign_id, "impressions": impressions,
            "clicks": clicks, "spend": spend, "synced_at": change.at});
        let put = Put::builder()
            .table_name(&self.state)
            .set_item(Some(key("statistics", event)))
            .item("version", number(change.before.as_ref().map_or(1, |item| item.version + 1)))
            .item("head", number(change.stream_version()))
            .item("data", serde_dynamo::to_attribute_value(data)?);
        let put = match &change.before {
            None => put
                .condition_expression("attribute_not_exists(#key)")
                .expression_attribute_names("#key", "pk"),
            Some(item) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", number(item.version)),
        };
        Ok(put.build()?)
    }

    fn event(&self, event: &CampaignPublished, change: &Change<'_>) -> anyhow::Result<Put> {
        let id = Uuid::now_v7().to_string();
        let version = change.stream_version();
        let subject = format!("statistics/{}", event.data.campaign_id);
        let time = format!("{}#{:02}#{version:010}#{id}", change.at, event.hops + 1);
        let stream = format!("{}#{subject}", event.tenant_id);
        let envelope = StatisticsSynced {
            specversion: "1.0",
            id,
            source: "/postroom",
            r#type: "statistics.synced",
            subject,
            time: &change.at,
            datacontenttype: "application/json",
            data: change.synced.clone(),
            correlation_id: &event.correlation_id,
            causation_id: &event.id,
            traceparent: event.traceparent.as_deref(),
            tenant_id: &event.tenant_id,
            actor_id: event.actor_id.as_deref(),
            dataversion: 1,
            streamversion: version,
            hops: event.hops + 1,
        };
        let put = Put::builder()
            .table_name(&self.journal)
            .item("stream", AttributeValue::S(stream))
            .item("version", number(version))
            .item("envelope", AttributeValue::S(serde_json::to_string(&envelope)?))
            .item("by", AttributeValue::S("sync-statistics".to_owned()))
            .item("in_request", AttributeValue::L(Vec::new()))
            .item("queued", AttributeValue::L(Vec::new()))
            .item("chain", AttributeValue::S(chain(event)))
            .item("time", AttributeValue::S(time))
            .condition_expression("attribute_not_exists(#stream)")
            .expression_attribute_names("#stream", "stream");
        Ok(put.build()?)
    }

    fn completed(
        &self,
        event: &CampaignPublished,
        owner: &str,
        at: &str,
        token: &str,
    ) -> anyhow::Result<Update> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = Update::builder()
            .table_name(&self.inbox)
            .key("key", AttributeValue::S(run_key(event)))
            .condition_expression("#status = :running AND #owner = :holder")
            .update_expression(COMPLETE)
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":holder", text(owner))
            .expression_attribute_values(":done", text("done"))
            .expression_attribute_values(":finished_at", text(at))
            .expression_attribute_values(":token", text(token))
            .expression_attribute_values(":actions", number(3));
        Ok(update.build()?)
    }
}

impl Change<'_> {
    fn stream_version(&self) -> u64 {
        self.before.as_ref().map_or(0, |item| item.head) + 1
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
