//! What the functions call: AWS, and the ad provider.

use std::sync::Arc;

use serde_json::json;

use super::{Options, StartError};
use crate::aws::{AwsEndpoint, AwsOptions};
use crate::lambda::Processes;
use crate::provider::Provider;
use crate::ses::Mailbox;
use crate::sqs::Sqs;
use crate::template::Stack;

/// The services, running.
#[derive(Debug)]
pub(super) struct Services {
    pub provider: Provider,
    pub sqs: Sqs,
    pub aws: AwsEndpoint,
}

impl Services {
    pub(super) async fn start(
        options: &Options,
        processes: &Processes,
    ) -> Result<Self, StartError> {
        let mailbox = Mailbox::default();
        let provider = Provider::start(options.provider_port, mailbox.clone()).await?;
        let sqs = Sqs::new();
        let aws_options =
            AwsOptions { port: options.aws_port, data: options.data.clone(), mailbox };
        let killer = Arc::new(processes.clone());
        match AwsEndpoint::start(aws_options, sqs.clone(), killer).await {
            Ok(aws) => Ok(Self { provider, sqs, aws }),
            Err(error) => {
                provider.stop().await;
                Err(error.into())
            }
        }
    }

    pub(super) async fn create(&self, stack: &Stack) -> Result<(), StartError> {
        for table in &stack.tables {
            let failed = |source| StartError::Table { table: table.name.clone(), source };
            self.aws.create_table(table.create_request.clone()).await.map_err(failed)?;
            if let Some(attribute) = &table.ttl_attribute {
                let request = json!({
                    "TableName": table.name,
                    "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
                });
                self.aws.update_time_to_live(request).await.map_err(failed)?;
            }
        }
        for queue in &stack.queues {
            let failed = |source| StartError::Queue { queue: queue.name.clone(), source };
            self.sqs.create_queue(&queue.name, &queue.attributes).map_err(failed)?;
        }
        for topic in &stack.topics {
            let failed = |source| StartError::Topic { topic: topic.name.clone(), source };
            self.aws.create_topic(topic).map_err(failed)?;
        }
        for secret in &stack.secrets {
            self.aws.create_secret(secret);
        }
        // After the queues, which they may tell that they are there.
        for bucket in &stack.buckets {
            self.aws.create_bucket(bucket)?;
        }
        Ok(())
    }

    pub(super) async fn stop(self) {
        self.aws.stop().await;
        self.provider.stop().await;
    }
}
