//! `postroom projections …`.

use postroom::{BuildState, BuildStatus, Difference, ProjectionStatus, Verified};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::stack::Stack;

pub(crate) async fn list(stack: &Stack) -> Result<Output, Failure> {
    let found = stack.rebuilds.list().await?;
    let rows = found.iter().flat_map(rows).collect();
    Ok(Output::of(&json!({ "items": found }), rows)?)
}

pub(crate) async fn rebuild(stack: &Stack, name: &str) -> Result<Output, Failure> {
    let asked = stack.rebuilds.request(name, &stack.origin()?).await?.output;
    let mut rows = rows(&asked);
    rows.push(
        "`projections list` shows how far it has come; it goes on within a minute".to_owned(),
    );
    Ok(Output::of(&asked, rows)?)
}

pub(crate) async fn verify(stack: &Stack, name: &str) -> Result<Output, Failure> {
    let verified = stack.verifier.verify(name).await?;
    let Verified { build, streams, events, rows, differences, more, moving, cut_short, .. } =
        &verified;
    let told = u64::try_from(differences.len()).unwrap_or(u64::MAX);
    let mut lines = vec![format!(
        "{name}  build {build}: {rows} rows, made by {events} events of {streams} streams"
    )];
    lines.extend(differences.iter().map(difference));
    if *more > 0 {
        lines.push(format!("    and {more} more"));
    }
    if *cut_short {
        lines.push(
            "    it is not known of all of it: so many rows differ that no more can be held"
                .to_owned(),
        );
    }
    if told == 0 && *moving == 0 {
        lines.push("    all of it is as the journal has it".to_owned());
    }
    let failure = match (told + more, *moving) {
        (0, 0) => None,
        (0, moving) => Some(Failure::not_compared(name, moving)),
        (differing, _) => Some(Failure::differs(name, differing)),
    };
    Ok(Output { failure, ..Output::of(&verified, lines)? })
}

fn difference(Difference { key, field, expected, found }: &Difference) -> String {
    let value = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
    };
    format!("    {key}  {field}: expected {}, found {}", value(expected), value(found))
}

fn rows(projection: &ProjectionStatus) -> Vec<String> {
    let ProjectionStatus { name, live, building } = projection;
    let mut rows = vec![format!("{name}  build {live} is read")];
    if let Some(BuildStatus { generation, started_at, state, events, held_up, reason }) = building {
        let stands = match state {
            BuildState::Walking => "is being made",
            BuildState::HeldUp => "is held up",
        };
        rows.push(format!(
            "    build {generation} {stands} since {started_at}, {events} events so far"
        ));
        rows.extend(
            held_up.iter().map(|stream| format!("    an event of {stream} is parked in it")),
        );
        if let Some(reason) = reason {
            rows.push(format!("    its walk was given up: {reason}"));
        } else if *state == BuildState::HeldUp {
            rows.push(format!(
                "    redrive `dead-letters list --handler {name}@{generation}`, then `projections rebuild {name}`"
            ));
        }
    }
    rows
}
