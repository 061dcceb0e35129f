//! `postroom`: the operator's tool.

mod help;
mod verbs;
mod arguments;
mod failure;
mod stack;
mod output;
mod letters;
mod bulk;
mod chains;
mod queues;
mod projections;
mod replays;
mod api;
mod progress;
mod imports;

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::{Output, for_people, for_programs};
use crate::stack::Stack;
use crate::verbs::Verb;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let arguments: Vec<String> = arguments.collect();
    // Asked for even where the rest is not understood.
    let as_json = arguments.iter().any(|argument| argument == "--json");
    let mut place = None;
    let (output, failure) = match run(arguments, &mut place).await {
        Ok(mut output) => {
            let failure = output.failure.take();
            (Some(output), failure)
        }
        Err(failure) => (None, Some(failure)),
    };
    if let Some(failure) = &failure {
        tell(&failure.rows(place.as_deref()));
    }
    let error = failure.as_ref().map(|failure| failure.json(place.as_deref()));
    let text = if as_json { document(output, error) } else { rows(output) };
    let code = failure.map_or(0, |failure| failure.code());
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(code),
        // As when it is piped into `head`.
        Err(_) => ExitCode::from(code.max(1)),
    }
}

/// Rows on standard error, where they are in nobody's way.
fn tell(rows: &[String]) {
    // Whoever closed standard error does not want to know.
    let _ = std::io::stderr().write_all(for_people(rows).as_bytes());
}

fn rows(output: Option<Output>) -> String {
    output.map_or_else(String::new, |output| for_people(&output.rows))
}

/// One document, whatever happened.
fn document(output: Option<Output>, error: Option<Value>) -> String {
    let mut document = output.map_or_else(|| json!({}), |output| output.json);
    if let Some(error) = error {
        document["error"] = error;
    }
    for_programs(&document)
}

/// Does what is asked for; `place` becomes where that is, as soon as it is known.
async fn run(arguments: Vec<String>, place: &mut Option<String>) -> Result<Output, Failure> {
    let Some(arguments) = Arguments::read(arguments)? else {
        let rows = help::HELP.lines().map(str::to_owned).collect();
        return Ok(Output::of(&json!({ "help": help::HELP }), rows)?);
    };
    let id = arguments.about();
    // Made by the verbs that ask one: what the API is asked needs no credentials.
    let mut stack = || {
        let stack = Stack::of(&arguments)?;
        *place = Some(stack.place.clone());
        Ok::<_, Failure>(stack)
    };
    match arguments.verb {
        Verb::List => letters::list(&stack()?, &arguments).await,
        Verb::Groups => letters::groups(&stack()?, &arguments).await,
        Verb::Show => letters::show(&stack()?, id).await,
        Verb::Redrive => letters::redrive(&stack()?, &arguments, id).await,
        Verb::RedriveAll => bulk::redrive_all(&stack()?, &arguments).await,
        Verb::Edit => letters::edit(&stack()?, &arguments, id).await,
        Verb::Discard => letters::discard(&stack()?, &arguments, id).await,
        Verb::Chain => chains::chain(&stack()?, &arguments, id).await,
        Verb::Why => chains::why(&stack()?, &arguments, id).await,
        Verb::Queues => queues::queues(&stack()?).await,
        Verb::Projections => projections::list(&stack()?).await,
        Verb::Rebuild => projections::rebuild(&stack()?, id).await,
        Verb::Verify => projections::verify(&stack()?, id).await,
        Verb::Replay => replays::replay(&stack()?, &arguments, id).await,
        Verb::Replays => replays::list(&stack()?, &arguments).await,
        Verb::ShowReplay => replays::show(&stack()?, id).await,
        Verb::CancelReplay => replays::cancel(&stack()?, id).await,
        Verb::Import => imports::import(&arguments, id, place).await,
        Verb::Watch => imports::watch(&arguments, place).await,
    }
}
