//! `postroom chain` and `postroom why`.

use postroom::chain::{Chain, NodeKind, Sources};
use postroom::{CorrelationId, MessageId, TenantId};

use crate::Failure;
use crate::arguments::{Arguments, UsageError};
use crate::output::Output;
use crate::stack::Stack;

pub(crate) async fn chain(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let chain = read(stack, arguments, id).await?;
    let rows = chain.to_string().lines().map(str::to_owned).collect();
    Ok(Output::of(&chain, rows)?)
}

/// The way from the root to one event, each row the cause of the next.
pub(crate) async fn why(
    stack: &Stack,
    arguments: &Arguments,
    event: &str,
) -> Result<Output, Failure> {
    let event: MessageId = parsed("EVENT_ID", event)?;
    let id = arguments.needed("--chain")?;
    let chain = read(stack, arguments, id).await?;
    let path = chain.path_to(event);
    if path.is_empty() {
        return Err(Failure::Refused(format!("the chain {id} has no event {event}")));
    }
    let rows = path.iter().enumerate().map(|(depth, node)| {
        let what = match &node.kind {
            NodeKind::Command { .. } | NodeKind::Refused { .. } => "command".to_owned(),
            NodeKind::Event { id, stream, version } => format!("{stream} version {version}, {id}"),
            NodeKind::InRequest { .. } => "in request".to_owned(),
            NodeKind::Queued { .. } | NodeKind::Waiting { .. } => "queued".to_owned(),
        };
        let branch =
            if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth - 1)) };
        format!("{branch}{}  ({what})", node.name)
    });
    let rows = rows.collect();
    let named: Vec<_> = path
        .iter()
        .map(|node| serde_json::json!({ "name": node.name, "what": node.kind }))
        .collect();
    Ok(Output::of(&named, rows)?)
}

async fn read(stack: &Stack, arguments: &Arguments, id: &str) -> Result<Chain, Failure> {
    let tenant: TenantId = parsed("--tenant", arguments.text("--tenant").unwrap_or("demo"))?;
    let id: CorrelationId = parsed("CORRELATION_ID", id)?;
    let sources = Sources {
        journal: &*stack.journal,
        inbox: &*stack.runtime.ports().inbox,
        letters: &*stack.letters,
    };
    let chain = Chain::read(sources, &tenant, &id).await?;
    if chain.roots.is_empty() {
        return Err(Failure::Refused(format!("there is no chain {id} of tenant {tenant}")));
    }
    Ok(chain)
}

fn parsed<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, UsageError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| UsageError::Invalid {
        option: option.to_owned(),
        reason: error.to_string(),
    })
}
