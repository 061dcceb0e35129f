//! `postroom projections …`.

use postroom::{BuildState, BuildStatus, ProjectionStatus};
use serde_json::json;

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

fn rows(projection: &ProjectionStatus) -> Vec<String> {
    let ProjectionStatus { name, live, building } = projection;
    let mut rows = vec![format!("{name}  build {live} is read")];
    if let Some(BuildStatus { generation, started_at, state, events, held_up }) = building {
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
        if *state == BuildState::HeldUp {
            rows.push(format!(
                "    redrive `dead-letters list --handler {name}@{generation}`, then `projections rebuild {name}`"
            ));
        }
    }
    rows
}
