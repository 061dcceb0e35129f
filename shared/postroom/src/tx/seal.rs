//! From recorder to transaction: the step only the runtime can take.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::claim::hex;
use crate::id::ClientToken;
use crate::port::{Answer, DeadLetter, Run};
use crate::transaction::{Completion, End, Fence, Transaction};
use crate::tx::Tx;

/// The most bytes of an answer that is kept whole. An item has 400 KB, and the rest of a record a few.
// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>, named from memory 2026-11-21.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// How a transaction says that its work was done.
pub(crate) struct Seal {
    pub(crate) token: ClientToken,
    pub(crate) run: Run,
    pub(crate) fence: Fence,
    pub(crate) finished_at: Timestamp,
    pub(crate) skipped: Option<String>,
    pub(crate) output: Option<Value>,
    pub(crate) fingerprint: Option<String>,
}

impl Tx {
    /// What was staged, ready to be committed. A listener that took over another's item may have written less than
    /// `staged_in` said; the counts are for people.
    pub(crate) fn seal(self, seal: Seal) -> Transaction {
        let room = Transaction::MAX_BYTES.saturating_sub(self.bytes).min(MAX_ANSWER_BYTES);
        let Seal { token, run, fence, finished_at, skipped, output, fingerprint } = seal;
        let output = output.map(|output| kept(output, room));
        let end = End::Done { skipped, output, fingerprint };
        self.ended(token, Completion { run, fence, finished_at, end, actions: 0 })
    }

    /// What was staged beside the dead letter of a run that is given up, ready to be committed. The run is remembered as
    /// long as the letter: somebody may decide about it in a year.
    pub(crate) fn give_up(
        self,
        token: ClientToken,
        run: Run,
        fence: Fence,
        letter: DeadLetter,
    ) -> Transaction {
        let run = Run { expires_at: Run::FOREVER, ..run };
        let (finished_at, end) = (letter.last_failed_at, End::GivenUp(Box::new(letter)));
        self.ended(token, Completion { run, fence, finished_at, end, actions: 0 })
    }

    fn ended(self, token: ClientToken, completion: Completion) -> Transaction {
        let room = Transaction::MAX_BYTES.saturating_sub(self.bytes);
        let (ends, snapshots) = self.streams.into_parts(&self.origin.tenant_id, room);
        let mut items = self.items.into_writes();
        items.extend(snapshots);
        let mut transaction = Transaction {
            token,
            items,
            ends,
            events: self.events,
            outbox: self.outbox,
            cancelled: self.cancelled.into_iter().collect(),
            letters: self.letters,
            runs: self.runs,
            payloads: self.payloads,
            completion,
        };
        transaction.completion.actions = u32::try_from(transaction.actions()).unwrap_or(u32::MAX);
        transaction
    }
}

/// An answer as it is kept in a record that has `room` bytes for it.
fn kept(answer: Value, room: usize) -> Answer {
    let json = answer.to_string();
    if json.len() <= room {
        return Answer::Whole(answer);
    }
    let sha256 = hex(&Sha256::digest(&json));
    Answer::Digest { sha256, bytes: u64::try_from(json.len()).unwrap_or(u64::MAX) }
}
