//! The adapters on DynamoDB, over the tables of the template.

use postroom::contract::Adapters;

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
