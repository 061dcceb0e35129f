//! `postroom chain` and `postroom why`.

use postroom::chain::{Chain, NodeKind, Sources};
use postroom::{CorrelationId, MessageId, TenantId};

use crate::arguments::{Arguments, UsageError, parsed};
use crate::failure::Failure;
use crate::output::Output;
use crate::stack::Stack;

pub(crate) async fn chain(
    stack: &Stack,
    arguments: &Arguments,
    id: &str,
) -> Result<Output, Failure> {
    let id = parsed("CORRELATION_ID", id)?;
    let chain = read(stack, &tenant(stack, arguments)?, &id).await?;
    let rows = chain.to_string().lines().map(str::to_owned).collect();
    Ok(Output::of(&chain, rows)?)
}

/// The way from the root to one event, or to the message of a dead letter, each row the cause of the next.
pub(crate) async fn why(
    stack: &Stack,
    arguments: &Arguments,
    event: &str,
) -> Result<Output, Failure> {
    let (tenant, id, event) = meant(stack, arguments, event).await?;
    let chain = read(stack, &tenant, &id).await?;
    let path = chain.path_to(event);
    if path.is_empty() {
        return Err(Failure::refused(not_found(&chain, &id, event)));
    }
    let rows = path.iter().enumerate().map(|(depth, node)| {
        let what = match &node.kind {
            NodeKind::Command { .. } | NodeKind::Refused { .. } => "command".to_owned(),
            NodeKind::Event { id, stream, version } => format!("{stream} version {version}, {id}"),
            NodeKind::InRequest { .. } => "in request".to_owned(),
            NodeKind::Queued { .. } | NodeKind::Waiting { .. } | NodeKind::Unread { .. } => {
                "queued".to_owned()
            }
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

fn not_found(chain: &Chain, id: &CorrelationId, event: MessageId) -> String {
    let read = if chain.truncated { ", as far as it was read: it is longer" } else { "" };
    format!("the chain {id} has no event {event}{read}")
}

/// Which event of which chain: a dead letter knows all three.
async fn meant(
    stack: &Stack,
    arguments: &Arguments,
    about: &str,
) -> Result<(TenantId, CorrelationId, MessageId), Failure> {
    if let Some(id) = arguments.parsed("--chain")? {
        return Ok((tenant(stack, arguments)?, id, parsed("EVENT_ID", about)?));
    }
    if about.parse::<MessageId>().is_ok() {
        return Err(UsageError::NoChain.into());
    }
    let letter = stack.office.find(about).await?;
    let letter =
        letter.ok_or_else(|| Failure::refused(format!("there is no dead letter {about}")))?;
    let Some(message) = letter.envelope else {
        return Err(Failure::refused(format!("the body of dead letter {about} is no message")));
    };
    Ok((message.tenant_id, message.correlation_id, message.id))
}

async fn read(stack: &Stack, tenant: &TenantId, id: &CorrelationId) -> Result<Chain, Failure> {
    let sources = Sources {
        journal: &*stack.journal,
        inbox: &*stack.runtime.ports().inbox,
        letters: &*stack.letters,
    };
    let chain = Chain::read(sources, tenant, id).await?;
    if chain.roots.is_empty() {
        return Err(Failure::refused(format!("there is no chain {id} of tenant {tenant}")));
    }
    Ok(chain)
}

fn tenant(stack: &Stack, arguments: &Arguments) -> Result<TenantId, UsageError> {
    let local = stack.is_elsewhere.then_some("demo");
    let tenant = arguments.text("--tenant").or(local);
    parsed("--tenant", tenant.ok_or(UsageError::OnAws { option: "--tenant" })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_may_be_beyond_what_was_read_is_not_denied() {
        let (id, event) = (
            "the-launch".parse().unwrap(),
            "00000000-0000-4000-8000-000000000000".parse::<MessageId>().unwrap(),
        );
        let said = |truncated| not_found(&Chain { roots: Vec::new(), truncated }, &id, event);

        assert!(said(false).ends_with(&event.to_string()), "{}", said(false));
        assert!(said(true).ends_with("as far as it was read: it is longer"), "{}", said(true));
    }
}
