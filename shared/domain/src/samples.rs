//! Test support: a campaign in each of its states.

use jiff::Timestamp;
use uuid::Uuid;

use crate::campaigns::{Campaign, CampaignStatus, Channel};
use crate::money::{Currency, Money};

pub(crate) fn draft() -> Campaign {
    let currency = Currency::try_from("NZD".to_owned()).unwrap();
    Campaign {
        id: Uuid::from_u128(1).into(),
        name: "Summer sale".to_owned(),
        channel: Channel::Facebook,
        budget: Money { amount_minor: 150_000, currency },
        account_id: None,
        status: CampaignStatus::Draft,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        published_at: None,
    }
}

pub(crate) fn published() -> Campaign {
    let at = Some(Timestamp::UNIX_EPOCH);
    Campaign { status: CampaignStatus::Published, published_at: at, ..draft() }
}
