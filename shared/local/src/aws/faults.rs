//! Faults: what was asked to go wrong, how often, and for whom.
//!
//! ```json
//! {"service": "dynamodb", "action": "TransactWriteItems", "function": "api", "times": 1,
//!  "kill_caller": "after"}
//! ```
//!
//! `action` is one that the service has here, `function` one of the template's; it may be left out: any caller. Exactly
//! one effect is given: `status` (400 throttled, 403 denied, 500 or 503), `delay_ms`, `kill_caller` (`before` the call
//! reaches the service or `after` it did the work), `time_out` (never answered, `before` it reached the service or
//! `after` it did the work), or `drop_response: true` (the work is done, and the connection closed without an answer). A
//! fault applies `times` times and is then gone; of several that match, the oldest applies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::target::{Service, Target};
use crate::faults::{self, InvalidFault, LONGEST_DELAY_MS, Order, invalid};

const MEMBERS: [&str; 9] = [
    "service",
    "action",
    "function",
    "times",
    "status",
    "delay_ms",
    "kill_caller",
    "time_out",
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
    /// The call gets lost, and its caller waits in vain.
    TimeOutBefore,
    /// The work is done, and the caller waits in vain.
    TimeOutAfter,
    /// The work is done, and the caller never learns of it.
    DropResponse,
}

pub(super) type Fault = faults::Fault<Calls, Effect>;

/// The faults in force, and how often each effect came about.
#[derive(Debug, Default)]
pub(super) struct Faults {
    in_force: faults::Faults<Calls, Effect>,
    applied: Mutex<BTreeMap<&'static str, u64>>,
}

/// Which calls go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calls {
    service: Service,
    action: String,
    function: Option<String>,
}

impl Effect {
    /// The member that orders it.
    fn name(self) -> &'static str {
        match self {
            Self::Refuse(_) => "status",
            Self::Delay(_) => "delay_ms",
            Self::KillBefore | Self::KillAfter => "kill_caller",
            Self::TimeOutBefore | Self::TimeOutAfter => "time_out",
            Self::DropResponse => "drop_response",
        }
    }
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) -> Result<(), InvalidFault> {
        self.in_force.add(fault)
    }

    /// Forgets what is left of them; what happened is counted on.
    pub(super) fn clear(&self) {
        self.in_force.clear();
    }

    /// The effect on this call, which uses up one time of its fault.
    pub(super) fn take(&self, caller: &str, target: &Target<'_>) -> Option<Effect> {
        let effect = self.in_force.first(|calls| calls.match_call(caller, target))?;
        *self.lock().entry(effect.name()).or_default() += 1;
        Some(effect)
    }

    /// How often each effect came about, by the member that orders it.
    pub(super) fn applied(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        // A count is never half written.
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// Reads an order. One for calls that nobody makes is refused: a fault that never applies would make a test of it
    /// pass for nothing.
    pub(super) fn read(body: &[u8], functions: &BTreeSet<String>) -> Result<Self, InvalidFault> {
        let order = Order::read(body, &MEMBERS)?;
        let one_of = |member, known: String| invalid(member, format!("not one of {known}"));
        let service = order.text("service")?.and_then(Service::named);
        let service = service.ok_or_else(|| one_of("service", Service::names()))?;
        let action = order.text("action")?.unwrap_or_default();
        if !service.operations().contains(&action) {
            return Err(one_of("action", service.operations().join(", ")));
        }
        let function = order.text("function")?;
        if function.is_some_and(|function| !functions.contains(function)) {
            let known: Vec<_> = functions.iter().map(String::as_str).collect();
            return Err(one_of("function", known.join(", ")));
        }
        let (action, function) = (action.to_owned(), function.map(str::to_owned));
        let times = order.times()?.ok_or_else(|| invalid("times", "missing".to_owned()))?;
        let effect = effect(&order)?;
        Ok(Self { calls: Calls { service, action, function }, times, effect })
    }
}

impl Calls {
    fn match_call(&self, caller: &str, target: &Target<'_>) -> bool {
        self.service == target.service
            && self.action == target.operation
            && self.function.as_deref().is_none_or(|function| function == caller)
    }
}

fn effect(order: &Order) -> Result<Effect, InvalidFault> {
    let effects = [
        status(order)?.map(Effect::Refuse),
        order
            .number("delay_ms", 1, LONGEST_DELAY_MS)?
            .map(|delay| Effect::Delay(Duration::from_millis(delay))),
        before_or_after(order, "kill_caller", Effect::KillBefore, Effect::KillAfter)?,
        before_or_after(order, "time_out", Effect::TimeOutBefore, Effect::TimeOutAfter)?,
        match order.get("drop_response") {
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
            "exactly one of status, delay_ms, kill_caller, time_out and drop_response is needed"
                .to_owned(),
        )),
    }
}

fn before_or_after(
    order: &Order,
    member: &'static str,
    before: Effect,
    after: Effect,
) -> Result<Option<Effect>, InvalidFault> {
    match order.text(member)? {
        None => Ok(None),
        Some("before") => Ok(Some(before)),
        Some("after") => Ok(Some(after)),
        Some(_) => Err(invalid(member, "neither before nor after".to_owned())),
    }
}

fn status(order: &Order) -> Result<Option<StatusCode>, InvalidFault> {
    let Some(value) = order.get("status") else { return Ok(None) };
    let known = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let found = known.into_iter().find(|status| value.as_u64() == Some(status.as_u16().into()));
    found.map(Some).ok_or_else(|| invalid("status", "not one of 400, 403, 500, 503".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target<'static> {
        Target::read("DynamoDB_20120810.PutItem").expect("target")
    }

    fn fault(rest: &str) -> Result<Fault, InvalidFault> {
        read(&format!(r#"{{"service": "dynamodb", "action": "PutItem", {rest}}}"#))
    }

    fn read(body: &str) -> Result<Fault, InvalidFault> {
        Fault::read(body.as_bytes(), &["api", "worker"].map(str::to_owned).into())
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
    fn what_came_about_is_counted_and_what_is_only_in_force_is_not() {
        let faults = Faults::default();
        for rest in [r#""times": 2, "time_out": "after""#, r#""times": 2, "kill_caller": "before""#]
        {
            faults.add(fault(rest).expect("valid")).expect("room");
        }

        for _ in 0..3 {
            faults.take("api", &target());
        }
        faults.clear();

        assert_eq!(faults.applied(), [("kill_caller", 1), ("time_out", 2)].into());
    }

    #[test]
    fn a_fault_of_calls_that_nobody_makes_is_told_what_there_is() {
        let cases = [
            (
                r#""service": "kinesis", "action": "PutRecord""#,
                "service: not one of dynamodb, dynamo",
            ),
            (r#""service": "sqs", "action": "SendMesage""#, "SendMessage, SendMessageBatch"),
            (r#""service": "sqs", "action": "PutItem""#, "action: not one of Change"),
            (r#""service": "sqs""#, "action: not one of Change"),
            (
                r#""service": "sqs", "action": "SendMessage", "function": "wroker""#,
                "function: not one of api, worker",
            ),
        ];

        for (calls, expected) in cases {
            let refused = read(&format!(r#"{{{calls}, "times": 1, "status": 503}}"#));

            let message = refused.expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_fault_that_is_not_understood_names_the_member_at_fault() {
        let bodies = [
            r#""times": 0, "status": 503"#,
            r#""status": 503"#,
            r#""times": 1, "status": 200"#,
            r#""times": 1, "kill_caller": "during""#,
            r#""times": 1, "time_out": "during""#,
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
                "time_out",
                "delay_ms",
                "drop_response",
                "status",
                "status",
                "body"
            ]
        );
    }
}
