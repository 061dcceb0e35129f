//! Faults of the provider: which campaign's calls go wrong, how, and how often.
//!
//! ```json
//! {"campaign_id": "*", "status": 503, "times": 2, "retry_after_s": 1, "delay_ms": 0}
//! ```
//!
//! `campaign_id` is an id or `*`. A `status` (400 to 599) refuses the call, `retry_after_s` goes
//! with it; `delay_ms` delays the answer, and `"garbled": true` makes nonsense of its body. Where no status is given what
//! is asked is done all the same. A fault applies `times` times (once where that is left out); of several that match, the
//! oldest applies.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

use crate::faults::{self, InvalidFault, LONGEST_DELAY_MS, Order, invalid};

const LONGEST_RETRY_AFTER_S: u64 = 86_400;
const MEMBERS: [&str; 6] =
    ["campaign_id", "status", "times", "retry_after_s", "delay_ms", "garbled"];
const ANY: &str = "*";

/// What a fault does to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effect {
    /// `None` leaves the usual answer.
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after_s: Option<u64>,
    pub(super) delay: Duration,
    /// The body is no JSON.
    pub(super) garbled: bool,
}

/// Faults of the calls about one campaign, or `*`.
pub(super) type Fault = faults::Fault<String, Effect>;
pub(super) type Faults = faults::Faults<String, Effect>;

impl Faults {
    /// The effect on a call about this campaign, which uses up one time of its fault.
    pub(super) fn take(&self, campaign: &str) -> Option<Effect> {
        self.first(|faulty| faulty == ANY || faulty == campaign)
    }
}

impl Fault {
    pub(super) fn read(body: &[u8]) -> Result<Self, InvalidFault> {
        let order = Order::read(body, &MEMBERS)?;
        let campaign = order.get("campaign_id").and_then(Value::as_str);
        let campaign = campaign
            .filter(|campaign| !campaign.is_empty())
            .ok_or_else(|| invalid("campaign_id", "not an id or *".to_owned()))?;
        let times = order.times()?.unwrap_or(1);
        let status = order.number("status", 400, 599)?;
        let status =
            status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let delay_ms = order.number("delay_ms", 0, LONGEST_DELAY_MS)?.unwrap_or_default();
        let garbled = match order.get("garbled") {
            None => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(invalid("garbled", "not true".to_owned())),
        };
        if status.is_none() && delay_ms == 0 && !garbled {
            let reason = "missing, and there is neither delay_ms nor garbled".to_owned();
            return Err(invalid("status", reason));
        }
        let retry_after_s = order.number("retry_after_s", 0, LONGEST_RETRY_AFTER_S)?;
        let delay = Duration::from_millis(delay_ms);
        let effect = Effect { status, retry_after_s, delay, garbled };
        Ok(Self { calls: campaign.to_owned(), times, effect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Faults {
        let faults = Faults::default();
        faults.add(Fault::read(body.as_bytes()).expect("valid")).expect("room");
        faults
    }

    #[test]
    fn a_fault_applies_as_often_as_it_says_and_is_then_gone() {
        let faults = faults(r#"{"campaign_id": "*", "status": 503, "times": 2}"#);

        let statuses = ["a", "b", "c"].map(|id| faults.take(id).and_then(|effect| effect.status));

        let refused = Some(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(statuses, [refused, refused, None]);
    }

    #[test]
    fn a_fault_of_one_campaign_leaves_the_others_alone() {
        let faults = faults(r#"{"campaign_id": "a", "delay_ms": 5}"#);

        let (other, own) = (faults.take("b"), faults.take("a"));

        assert_eq!(other, None);
        assert_eq!(own.map(|effect| effect.delay), Some(Duration::from_millis(5)));
    }

    #[test]
    fn a_fault_that_is_not_understood_names_the_member_at_fault() {
        let bodies = [
            r"[]",
            r#"{"status": 503}"#,
            r#"{"campaign_id": "a"}"#,
            r#"{"campaign_id": "a", "status": 399}"#,
            r#"{"campaign_id": "a", "status": 600}"#,
            r#"{"campaign_id": "a", "status": 503, "times": 0}"#,
            r#"{"campaign_id": "a", "status": 503, "delay_ms": 60001}"#,
            r#"{"campaign_id": "a", "status": 503, "retry_after_s": "1"}"#,
            r#"{"campaign_id": "a", "garbled": false}"#,
            r#"{"campaign_id": "a", "status": 503, "retry_after": 1}"#,
        ];

        let members = bodies.map(|body| Fault::read(body.as_bytes()).expect_err("refused").member);

        assert_eq!(
            members,
            [
                "body",
                "campaign_id",
                "status",
                "status",
                "status",
                "times",
                "delay_ms",
                "retry_after_s",
                "garbled",
                "body"
            ]
        );
    }
}
