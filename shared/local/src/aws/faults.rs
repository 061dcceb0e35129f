//! Faults: what was asked to go wrong, how often, and for whom.
//!
//! ```json
//! {"service": "dynamodb", "action": "TransactWriteItems", "function": "api", "times": 1,
//!  "kill_caller": "after"}
//! ```
//!
//! `function` may be left out: any caller. Exactly one effect is given: `status` (400 throttled,
//! 403 denied, 500 or 503), `delay_ms`, `kill_caller` (`before` the call reaches the service or
//! `after` it did the work), or `drop_response: true` (the work is done, and the connection closed
//! without an answer). A fault applies `times` times and is then gone; of several that match, the
//! oldest applies.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};

use super::target::{Service, Target};

const MOST_FAULTS: usize = 100;
const MOST_TIMES: u64 = 10_000;
const LONGEST_DELAY_MS: u64 = 60_000;
const MEMBERS: [&str; 8] = [
    "service",
    "action",
    "function",
    "times",
    "status",
    "delay_ms",
    "kill_caller",
    "drop_response",
];

/// What happens to a call instead of, or besides, being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is refused, and the service never sees it.
    Refuse(StatusCode),
    /// It reaches the service later.
    Delay(Duration),
    /// The caller dies before the call reaches the service.
    KillBefore,
    /// The caller dies when the service has done the work, without an answer.
    KillAfter,
    /// The work is done, and the caller never learns of it.
    DropResponse,
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
    service: Service,
    action: String,
    function: Option<String>,
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
            return Err(invalid("times", format!("there are {MOST_FAULTS} faults already")));
        }
        faults.push(fault);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// The effect on this call, which uses up one time of its fault.
    pub(super) fn take(&self, caller: &str, target: &Target<'_>) -> Option<Effect> {
        let mut faults = self.lock();
        let position = faults.iter().position(|fault| fault.matches(caller, target))?;
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
        let service = text(&object, "service")?.and_then(Service::named).ok_or_else(|| {
            invalid("service", "not one of dynamodb, dynamodbstreams, sqs".to_owned())
        })?;
        let action = text(&object, "action")?.filter(|action| !action.is_empty());
        let action = action.ok_or_else(|| invalid("action", "missing".to_owned()))?.to_owned();
        let function = text(&object, "function")?.map(str::to_owned);
        let times = number(&object, "times", 1, MOST_TIMES)?;
        let times = times.ok_or_else(|| invalid("times", "missing".to_owned()))?;
        let effect = effect(&object)?;
        Ok(Self { service, action, function, times, effect })
    }

    fn matches(&self, caller: &str, target: &Target<'_>) -> bool {
        self.service == target.service
            && self.action == target.operation
            && self.function.as_deref().is_none_or(|function| function == caller)
    }
}

fn effect(object: &Map<String, Value>) -> Result<Effect, InvalidFault> {
    let effects = [
        status(object)?.map(Effect::Refuse),
        number(object, "delay_ms", 1, LONGEST_DELAY_MS)?
            .map(|delay| Effect::Delay(Duration::from_millis(delay))),
        match text(object, "kill_caller")? {
            None => None,
            Some("before") => Some(Effect::KillBefore),
            Some("after") => Some(Effect::KillAfter),
            Some(_) => return Err(invalid("kill_caller", "neither before nor after".to_owned())),
        },
        match object.get("drop_response") {
            None => None,
            Some(Value::Bool(true)) => Some(Effect::DropResponse),
            Some(_) => return Err(invalid("drop_response", "not true".to_owned())),
        },
    ];
    let mut given = effects.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(effect), None) => Ok(effect),
        _ => Err(invalid(
            "status",
            "exactly one of status, delay_ms, kill_caller and drop_response is needed".to_owned(),
        )),
    }
}

fn status(object: &Map<String, Value>) -> Result<Option<StatusCode>, InvalidFault> {
    let Some(value) = object.get("status") else { return Ok(None) };
    let known = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let found = known.into_iter().find(|status| value.as_u64() == Some(status.as_u16().into()));
    found.map(Some).ok_or_else(|| invalid("status", "not one of 400, 403, 500, 503".to_owned()))
}

fn text<'a>(
    object: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, InvalidFault> {
    match object.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(member, "not a string".to_owned())),
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

    fn target() -> Target<'static> {
        Target::read("DynamoDB_20120810.PutItem").expect("target")
    }

    fn fault(rest: &str) -> Result<Fault, InvalidFault> {
        let body = format!(r#"{{"service": "dynamodb", "action": "PutItem", {rest}}}"#);
        Fault::read(body.as_bytes())
    }

    #[test]
    fn a_fault_applies_as_often_as_it_says_and_is_then_gone() {
        let faults = Faults::default();
        faults.add(fault(r#""times": 2, "status": 503"#).expect("valid")).expect("room");

        let effects = [(); 3].map(|()| faults.take("api", &target()));

        let refused = Some(Effect::Refuse(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(effects, [refused, refused, None]);
    }

    #[test]
    fn a_fault_of_one_function_leaves_the_others_alone() {
        let faults = Faults::default();
        let one = fault(r#""function": "api", "times": 1, "kill_caller": "after""#);
        faults.add(one.expect("valid")).expect("room");

        let (other, own) = (faults.take("worker", &target()), faults.take("api", &target()));

        assert_eq!((other, own), (None, Some(Effect::KillAfter)));
    }

    #[test]
    fn a_fault_that_is_not_understood_names_the_member_at_fault() {
        let bodies = [
            r#""times": 0, "status": 503"#,
            r#""status": 503"#,
            r#""times": 1, "status": 200"#,
            r#""times": 1, "kill_caller": "during""#,
            r#""times": 1, "delay_ms": 60001"#,
            r#""times": 1, "drop_response": false"#,
            r#""times": 1"#,
            r#""times": 1, "status": 503, "delay_ms": 5"#,
            r#""times": 1, "status": 503, "tiems": 5"#,
        ];

        let members = bodies.map(|body| fault(body).expect_err("refused").member);

        assert_eq!(
            members,
            [
                "times",
                "times",
                "status",
                "kill_caller",
                "delay_ms",
                "drop_response",
                "status",
                "status",
                "body"
            ]
        );
    }
}
