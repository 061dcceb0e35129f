//! Faults of the provider: which campaign's calls go wrong, how, and how often.
//!
//! ```json
//! {"campaign_id": "*", "status": 503, "times": 2, "retry_after_s": 1, "delay_ms": 0}
//! ```
//!
//! `campaign_id` is an id or `*`. A `status` (400 to 599) refuses the call, `retry_after_s` goes
//! with it; `delay_ms` delays the answer, which is the usual one where no status is given. A fault
//! applies `times` times (once where that is left out); of several that match, the oldest applies.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value};

const MOST_FAULTS: usize = 100;
const MOST_TIMES: u64 = 10_000;
const LONGEST_DELAY_MS: u64 = 60_000;
const LONGEST_RETRY_AFTER_S: u64 = 86_400;
const MEMBERS: [&str; 5] = ["campaign_id", "status", "times", "retry_after_s", "delay_ms"];
const ANY: &str = "*";

/// What a fault does to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effect {
    /// `None` leaves the usual answer.
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after_s: Option<u64>,
    pub(super) delay: Duration,
}

/// A fault that was not understood: the member at fault, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {reason}")]
pub(super) struct InvalidFault {
    pub(super) member: &'static str,
    reason: String,
}

/// One fault that still applies at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    campaign: String,
    times: u64,
    effect: Effect,
}

/// The faults that are in force, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults {
    faults: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) -> Result<(), InvalidFault> {
        let mut faults = self.lock();
        if faults.len() >= MOST_FAULTS {
            return Err(invalid("body", format!("there are {MOST_FAULTS} faults already")));
        }
        faults.push(fault);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// The effect on a call about this campaign, which uses up one time of its fault.
    pub(super) fn take(&self, campaign: &str) -> Option<Effect> {
        let mut faults = self.lock();
        let matches = |fault: &Fault| fault.campaign == ANY || fault.campaign == campaign;
        let position = faults.iter().position(matches)?;
        let fault = &mut faults[position];
        let effect = fault.effect;
        fault.times -= 1;
        if fault.times == 0 {
            faults.remove(position);
        }
        Some(effect)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        // A fault is never half written.
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    pub(super) fn read(body: &[u8]) -> Result<Self, InvalidFault> {
        let object: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| invalid("body", format!("not a JSON object: {error}")))?;
        if let Some(unknown) = object.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(invalid("body", format!("{unknown} is none of {}", MEMBERS.join(", "))));
        }
        let campaign = object.get("campaign_id").and_then(Value::as_str);
        let campaign = campaign
            .filter(|campaign| !campaign.is_empty())
            .ok_or_else(|| invalid("campaign_id", "not an id or *".to_owned()))?;
        let times = number(&object, "times", 1, MOST_TIMES)?.unwrap_or(1);
        let status = number(&object, "status", 400, 599)?;
        let status =
            status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let delay_ms = number(&object, "delay_ms", 0, LONGEST_DELAY_MS)?.unwrap_or_default();
        if status.is_none() && delay_ms == 0 {
            return Err(invalid("status", "missing, and there is no delay_ms either".to_owned()));
        }
        let retry_after_s = number(&object, "retry_after_s", 0, LONGEST_RETRY_AFTER_S)?;
        let effect = Effect { status, retry_after_s, delay: Duration::from_millis(delay_ms) };
        Ok(Self { campaign: campaign.to_owned(), times, effect })
    }
}

fn number(
    object: &Map<String, Value>,
    member: &'static str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, InvalidFault> {
    let Some(value) = object.get(member) else { return Ok(None) };
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    let reason = || invalid(member, format!("not a number from {least} to {most}"));
    number.map(Some).ok_or_else(reason)
}

fn invalid(member: &'static str, reason: String) -> InvalidFault {
    InvalidFault { member, reason }
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
                "body"
            ]
        );
    }
}
