//! Chains of causes, read from the local tables by their correlation id.

use postroom::chain::Chain;
use postroom::port::StoreError;
use postroom::{CorrelationId, TenantId};
use postroom_aws::{Aws, DynamoInbox, DynamoJournal, Env, EnvError};

use crate::template::REGION;

/// Reads chains as an operator would: from the journal and the inbox.
#[derive(Debug)]
pub(crate) struct Chains {
    journal: DynamoJournal,
    inbox: DynamoInbox,
}

impl Chains {
    /// Chains in the tables behind an AWS endpoint.
    pub(crate) fn behind(aws_url: &str) -> Result<Self, EnvError> {
        let mut env = Env::of([
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "gateway"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL", aws_url),
            ("JOURNAL_TABLE", "local-journal"),
            ("INBOX_TABLE", "local-inbox"),
        ]);
        let aws = Aws::connect(&mut env);
        let (journal, inbox) = (aws.journal(&mut env), aws.inbox(&mut env));
        env.check()?;
        Ok(Self { journal, inbox })
    }

    /// What has happened so far.
    pub(crate) async fn read(
        &self,
        tenant: &TenantId,
        correlation_id: &CorrelationId,
    ) -> Result<Chain, StoreError> {
        Chain::read(&self.journal, &self.inbox, tenant, correlation_id).await
    }
}
