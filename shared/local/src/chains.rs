//! Chains of causes, read from the local tables by their correlation id.

use postroom::chain::{Chain, Sources};
use postroom::port::StoreError;
use postroom::{CorrelationId, TenantId};
use postroom_aws::{Aws, DynamoDeadLetters, DynamoInbox, DynamoJournal, Env, EnvError};

use crate::template::REGION;

/// Reads chains as an operator would: from the journal and the inbox.
#[derive(Debug)]
pub(crate) struct Chains {
    journal: DynamoJournal,
    inbox: DynamoInbox,
    letters: DynamoDeadLetters,
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
            ("DEAD_LETTERS_TABLE", "local-dead-letters"),
        ]);
        let aws = Aws::connect(&mut env);
        let (journal, inbox) = (aws.journal(&mut env), aws.inbox(&mut env));
        let letters = aws.dead_letters(&mut env);
        env.check()?;
        Ok(Self { journal, inbox, letters })
    }

    /// What has happened so far.
    pub(crate) async fn read(
        &self,
        tenant: &TenantId,
        correlation_id: &CorrelationId,
    ) -> Result<Chain, StoreError> {
        let Self { journal, inbox, letters } = self;
        Chain::read(Sources { journal, inbox, letters }, tenant, correlation_id).await
    }
}
