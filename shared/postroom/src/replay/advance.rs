//! `advance-replay`: what of a page is sent, and how far the replay has come by that.

use crate::command::Command;
use crate::id::ReplayId;
use crate::port::{Destination, JournalRecord, OutboxRow, Page};
use crate::replay::walk::{Advanced, Place, Send};
use crate::tx::{Tx, TxError};

/// A step of a replay. Its messages and its new place are one transaction: written one after the other, a walker that dies in
/// between would send them twice, or never.
#[derive(Debug)]
pub(super) struct AdvanceReplay<'a> {
    pub(super) id: ReplayId,
    /// Where the page was read.
    pub(super) at: &'a Place,
    pub(super) page: &'a Page<JournalRecord>,
}

/// What a step came to.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Stepped {
    pub(super) sent: usize,
    pub(super) advanced: Advanced,
}

impl Command for AdvanceReplay<'_> {
    const NAME: &'static str = "advance-replay";
    type Output = Stepped;
    type Error = TxError;

    async fn handle(&self, tx: &mut Tx) -> Result<Stepped, TxError> {
        let found = tx.load_replay(self.id).await?.filter(|walk| walk.stands_at(self.at));
        let Some(mut walk) = found else {
            return Ok(Stepped { sent: 0, advanced: Advanced::Overtaken });
        };
        let (sends, advanced) = walk.advance(self.page, tx.reactions(), tx.now());
        let sent = sends.len();
        for send in sends {
            let row = row(tx, &walk.status.handler, send)?;
            tx.send_again(row)?;
        }
        if advanced == Advanced::Ended {
            tx.end_replay(&walk).await?;
        } else {
            tx.save_replay(&walk)?;
        }
        Ok(Stepped { sent, advanced })
    }
}

/// To the queue of the handler, and never to the topic: whoever else is subscribed was not asked for.
fn row(tx: &mut Tx, handler: &str, send: Send) -> Result<OutboxRow, TxError> {
    let Send { message, body, due } = send;
    let body = tx.travelling(&message, body, due)?;
    let to = Destination::Queue(handler.to_owned());
    Ok(OutboxRow {
        message_id: message.id,
        group: Some(tx.group_to(&to, &message)),
        to,
        due,
        body,
        r#type: message.r#type,
        correlation_id: message.correlation_id,
        // A FIFO queue that has had the event lately takes it for another one.
        decision: Some(tx.origin().command_id),
    })
}
