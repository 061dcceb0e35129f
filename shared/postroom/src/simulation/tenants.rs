//! Whether what is one tenant's stays with it.

use std::collections::BTreeSet;

use crate::envelope::RawEnvelope;
use crate::id::TenantId;
use crate::memory::MemoryStore;
use crate::simulation::business::Answer;
use crate::simulation::callers::{Caller, Heard};
use crate::simulation::evidence::Evidence;
use crate::stored::split;

/// What names a tenant that it is not for: items, events, messages, dead letters and answers. A business that has several
/// tenants writes their names into what they ask for.
pub(super) fn own_tenant(
    tenants: &BTreeSet<TenantId>,
    evidence: &Evidence,
    memory: &MemoryStore,
    callers: &[Caller],
) -> Vec<String> {
    let mut broken = Vec::new();
    let mut look = |what: &str, of: &str, text: &str| {
        let others = tenants.iter().filter(|other| other.as_str() != of);
        let named = others.filter(|other| text.contains(other.as_str()));
        broken.extend(named.map(|other| format!("{what} of {of} names {other}: {text}")));
    };
    for item in memory.items() {
        let partition = split('#', item.key.partition.as_str());
        // What operators write down is nobody's.
        if let Some(of) = partition.first().filter(|of| !of.is_empty()) {
            look(&item.key.id, of, &item.data.to_string());
        }
    }
    for event in memory.journal_records() {
        let message = &event.envelope;
        look(&message.r#type, message.tenant_id.as_str(), &message.to_body());
    }
    let sent = evidence.applied.iter().flat_map(|tx| &tx.outbox).map(|row| &row.body);
    let letters = memory.dead_letters();
    // One message has many handlers.
    let bodies: BTreeSet<&str> =
        sent.chain(letters.iter().map(|letter| &letter.body)).map(String::as_str).collect();
    for body in bodies {
        if let Ok(message) = RawEnvelope::parse(body) {
            look(&message.r#type, message.tenant_id.as_str(), body);
        }
    }
    for caller in callers {
        for execution in &caller.executions {
            if let Heard::Answer(Answer::Done { output }) = &execution.ended {
                look(caller.request.name, caller.tenant.as_str(), &output.to_string());
            }
        }
    }
    broken
}
