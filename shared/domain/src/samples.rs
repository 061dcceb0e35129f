//! Test support: a campaign in any of its states.

use jiff::Timestamp;
use uuid::Uuid;

use crate::campaigns::{Campaign, CampaignStatus, Channel};
use crate::money::{Currency, Money};

pub(crate) fn in_status(status: CampaignStatus) -> Campaign {
    let currency = Currency::try_from("NZD".to_owned()).unwrap();
    let was_published = status != CampaignStatus::Draft;
    Campaign {
        id: Uuid::from_u128(1).into(),
        name: "Summer sale".to_owned(),
        channel: Channel::Facebook,
        budget: Money { amount_minor: 150_000, currency },
        account_id: None,
        status,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        published_at: was_published.then_some(Timestamp::UNIX_EPOCH),
    }
}
