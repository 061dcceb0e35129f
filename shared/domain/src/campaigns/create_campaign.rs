//! Creating a campaign: `POST /campaigns`.

use garde::Validate;
use jiff::Timestamp;
use postroom::{Command, Tx, TxError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::campaigns::{Campaign, CampaignCreated, CampaignStatus, CampaignView, Channel};
use crate::id::{AccountId, CampaignId};
use crate::input::{self, InvalidInput, LINE, MAX_LINE_CHARS, is_a_line};
use crate::money::{Amount, Money};

/// What a caller sends: `{name, channel, budget, account_id?}`. Fields we do not know are ignored.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
#[schemars(extend("examples" = [{
    "name": "Summer sale",
    "channel": "facebook",
    "budget": { "amount_minor": 150_000, "currency": "NZD" },
}]))]
pub struct CampaignInput {
    #[schemars(length(max = MAX_LINE_CHARS), regex(pattern = LINE))]
    #[garde(custom(|name: &str, _context: &()| is_a_line(name)))]
    name: String,
    channel: Channel,
    #[garde(dive)]
    #[serde(deserialize_with = "input::object")]
    budget: Amount,
    account_id: Option<AccountId>,
}

/// Makes a draft. It cannot be refused any more: what could be wrong with it was wrong with its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCampaign {
    name: String,
    channel: Channel,
    budget: Money,
    account_id: Option<AccountId>,
}

impl TryFrom<CampaignInput> for CreateCampaign {
    type Error = InvalidInput;

    fn try_from(input: CampaignInput) -> Result<Self, InvalidInput> {
        input.validate()?;
        let CampaignInput { name, channel, budget, account_id } = input;
        Ok(Self { name: name.trim().to_owned(), channel, budget: budget.into(), account_id })
    }
}

impl Command for CreateCampaign {
    const NAME: &'static str = "create-campaign";
    type Output = CampaignView;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<CampaignView, TxError> {
        let id = CampaignId::from(tx.new_id());
        let (campaign, created) = Campaign::create(id, self, tx.now());
        let version = tx.save(&campaign)?;
        tx.emit(created)?;
        Ok(CampaignView { campaign, version })
    }
}

impl Campaign {
    /// The draft, and the fact that it was made.
    fn create(id: CampaignId, command: &CreateCampaign, at: Timestamp) -> (Self, CampaignCreated) {
        let CreateCampaign { name, channel, budget, account_id } = command.clone();
        let created =
            CampaignCreated { campaign_id: id, name: name.clone(), channel, budget, account_id };
        let campaign = Self {
            id,
            name,
            channel,
            budget,
            account_id,
            status: CampaignStatus::Draft,
            created_at: at,
            updated_at: at,
            published_at: None,
        };
        (campaign, created)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::money::MAX_AMOUNT_MINOR;

    fn input(name: &str, amount_minor: i64) -> CampaignInput {
        serde_json::from_value(json!({
            "name": name,
            "channel": "google",
            "budget": { "amount_minor": amount_minor, "currency": "NZD" },
        }))
        .unwrap()
    }

    fn violations(input: CampaignInput) -> Vec<String> {
        let invalid = CreateCampaign::try_from(input).unwrap_err();
        invalid.violations.into_iter().map(|violation| violation.path).collect()
    }

    #[test]
    fn a_draft_is_what_was_asked_for() {
        let command = CreateCampaign::try_from(input("  Summer sale ", 150_000)).unwrap();
        let id = CampaignId::from(Uuid::from_u128(1));
        let at = Timestamp::UNIX_EPOCH;

        let (campaign, created) = Campaign::create(id, &command, at);

        assert_eq!(campaign.name, "Summer sale");
        assert_eq!(campaign.status, CampaignStatus::Draft);
        assert_eq!((campaign.created_at, campaign.updated_at), (at, at));
        assert_eq!(campaign.published_at, None);
        assert_eq!((created.campaign_id, created.budget), (id, campaign.budget));
    }

    #[test]
    fn a_name_is_one_line_of_1_to_200_characters_around_which_space_does_not_count() {
        assert!(CreateCampaign::try_from(input(&"é".repeat(200), 1)).is_ok());
        assert!(CreateCampaign::try_from(input(&format!(" {} ", "x".repeat(200)), 1)).is_ok());

        assert_eq!(violations(input(&"é".repeat(201), 1)), ["/name"]);
        assert_eq!(violations(input("   ", 1)), ["/name"]);
        assert_eq!(violations(input("two\nlines", 1)), ["/name"]);
    }

    #[test]
    fn a_budget_is_more_than_nothing_and_not_beyond_all_measure() {
        assert!(CreateCampaign::try_from(input("Sale", 1)).is_ok());
        assert!(CreateCampaign::try_from(input("Sale", MAX_AMOUNT_MINOR)).is_ok());

        assert_eq!(violations(input("Sale", 0)), ["/budget/amount_minor"]);
        assert_eq!(violations(input("Sale", -1)), ["/budget/amount_minor"]);
        assert_eq!(violations(input("Sale", MAX_AMOUNT_MINOR + 1)), ["/budget/amount_minor"]);
    }

    #[test]
    fn a_budget_is_an_object_and_nothing_else() {
        for budget in [json!([150_000, "NZD"]), json!(150_000), json!(null)] {
            let input = json!({ "name": "Sale", "channel": "google", "budget": budget });

            let refused = serde_json::from_value::<CampaignInput>(input).unwrap_err();

            assert!(refused.to_string().ends_with("expected an object"), "{refused}");
        }
    }

    #[test]
    fn every_rule_broken_is_named_at_once() {
        assert_eq!(violations(input("", 0)), ["/budget/amount_minor", "/name"]);
    }
}
