//! Transactions on a few items and streams, of which some are the last one sent again and some meet what has changed.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::clock::later;
use crate::contract::differential::operations::{Operations, uuid};
use crate::contract::sample::{Thing, tx_of};
use crate::live::LiveShard;
use crate::port::Answer;
use crate::stored::Place;
use crate::transaction::{End, Fence, Guard, ItemWrite, StreamEnd, Transaction};

impl Operations {
    pub(super) fn transaction(&mut self) -> Transaction {
        if let Some(last) = self.last.clone().filter(|_| self.random.below(6) == 0) {
            // As after an answer that was lost.
            return last;
        }
        let (run, fence) = if self.random.below(2) == 0 {
            (self.run(), self.random.any_of(&[Fence::NotDone, Fence::NotDone, Fence::NotParked]))
        } else {
            let (owner, run) = self.holder();
            (run, Fence::Held(owner))
        };
        let mut tx = Transaction { token: uuid(&mut self.random).into(), ..tx_of(run, fence) };
        tx.completion.finished_at = self.now;
        tx.completion.actions = self.random.any_of(&[1, 2, 100]);
        tx.completion.end = self.done();
        for item in 0..3 {
            if let Some(write) = self.write(item) {
                tx.items.push(write);
            }
            match self.random.below(8) {
                0 | 1 => {
                    let version = self.versions[item].1 + 1 - self.off_by_one();
                    let mut event = self.sample.event(&item.to_string(), version.max(1));
                    event.envelope.id = uuid(&mut self.random).into();
                    tx.events.push(event);
                }
                2 => {
                    let version = self.versions[item].1.saturating_sub(self.off_by_one());
                    let key = Place::<Thing>::new(item).stream().key(&self.sample.tenant);
                    tx.ends.push(StreamEnd { key, version });
                }
                _ => {}
            }
        }
        for _ in 0..self.random.below(3) {
            let due = later(self.now, Duration::from_secs(self.random.below(60)));
            let mut row = self.sample.row(due, 0);
            let mut id = *uuid(&mut self.random).as_bytes();
            id[15] = self.shard();
            row.message_id = Uuid::from_bytes(id).into();
            tx.outbox.push(row);
        }
        if self.random.below(4) == 0 { self.give_up(tx) } else { tx }
    }

    /// What a caller is answered, and what tells whether it asks the same again.
    fn done(&mut self) -> End {
        let text = self.random.any_of(&["", " ", "Grüße\u{1f4ee}", "a#b%c\\\"d\"", "\u{7f}\n"]);
        let answers = [
            json!(null),
            json!(text),
            json!([]),
            json!({}),
            json!([true, null, {"": text}]),
            json!({"id": text, "count": u64::MAX, "less": i64::MIN, "list": [[], {}, 0]}),
        ];
        let pick = usize::try_from(self.random.below(8)).unwrap();
        let digest =
            Answer::Digest { sha256: "9f86d081".repeat(8), bytes: self.random.below(u64::MAX) };
        let output = match pick {
            6 => Some(digest),
            7 => None,
            whole => Some(Answer::Whole(answers[whole].clone())),
        };
        let fingerprint = (self.random.below(2) == 0).then(|| format!("POST /things {text}"));
        let skipped = (self.random.below(4) == 0).then(|| format!("it was there: {text}"));
        End::Done { skipped, output, fingerprint }
    }

    fn write(&mut self, item: usize) -> Option<ItemWrite> {
        let key = self.key(item);
        let version = self.versions[item].0.saturating_sub(self.off_by_one());
        let guard = if version == 0 { Guard::Absent } else { Guard::Version(version) };
        let live = LiveShard::of(&self.sample.tenant, "things");
        let live = (self.random.below(2) == 0).then_some(live);
        let data = json!({ "n": self.random.below(1000) });
        let head = self.random.below(5);
        Some(match self.random.below(6) {
            0 | 1 => ItemWrite::Save { key, guard, head, live, data },
            2 => ItemWrite::Check { key, guard },
            3 => ItemWrite::PutView { key, data },
            _ => return None,
        })
    }
}
