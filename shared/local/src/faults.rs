//! Faults on order: what goes wrong with which calls, and how often. Each server says what its calls and effects are.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

const MOST_FAULTS: usize = 100;
const MOST_TIMES: u64 = 10_000;
pub(crate) const LONGEST_DELAY_MS: u64 = 60_000;

/// A fault that was not understood: the member at fault, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {reason}")]
pub(crate) struct InvalidFault {
    pub(crate) member: &'static str,
    pub(crate) reason: String,
}

/// One fault that still applies at least once, to calls like `C`, with the effect `E`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault<C, E> {
    pub(crate) calls: C,
    pub(crate) times: u64,
    pub(crate) effect: E,
}

/// The faults that are in force, oldest first.
#[derive(Debug)]
pub(crate) struct Faults<C, E> {
    faults: Mutex<Vec<Fault<C, E>>>,
}

impl<C, E> Default for Faults<C, E> {
    fn default() -> Self {
        Self { faults: Mutex::default() }
    }
}

impl<C, E: Copy> Faults<C, E> {
    pub(crate) fn add(&self, fault: Fault<C, E>) -> Result<(), InvalidFault> {
        let mut faults = self.lock();
        if faults.len() >= MOST_FAULTS {
            return Err(invalid("body", format!("there are {MOST_FAULTS} faults already")));
        }
        faults.push(fault);
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The effect of the oldest fault whose calls match, which uses up one of its times.
    pub(crate) fn first(&self, matches: impl Fn(&C) -> bool) -> Option<E> {
        let mut faults = self.lock();
        let position = faults.iter().position(|fault| matches(&fault.calls))?;
        let fault = &mut faults[position];
        let effect = fault.effect;
        fault.times -= 1;
        if fault.times == 0 {
            faults.remove(position);
        }
        Some(effect)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault<C, E>>> {
        // A fault is never half written.
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The members of an order, none of them unknown.
#[derive(Debug)]
pub(crate) struct Order(Map<String, Value>);

impl Order {
    pub(crate) fn read(body: &[u8], known: &[&str]) -> Result<Self, InvalidFault> {
        let members: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| invalid("body", format!("not a JSON object: {error}")))?;
        match members.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(Self(members)),
            Some(unknown) => {
                Err(invalid("body", format!("{unknown} is none of {}", known.join(", "))))
            }
        }
    }

    pub(crate) fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    pub(crate) fn text(&self, member: &'static str) -> Result<Option<&str>, InvalidFault> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(member, "not a string".to_owned())),
        }
    }

    pub(crate) fn number(
        &self,
        member: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, InvalidFault> {
        let Some(value) = self.get(member) else { return Ok(None) };
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        let reason = || invalid(member, format!("not a number from {least} to {most}"));
        number.map(Some).ok_or_else(reason)
    }

    /// How often the fault applies.
    pub(crate) fn times(&self) -> Result<Option<u64>, InvalidFault> {
        self.number("times", 1, MOST_TIMES)
    }
}

pub(crate) fn invalid(member: &'static str, reason: String) -> InvalidFault {
    InvalidFault { member, reason }
}
