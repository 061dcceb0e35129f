//! What goes wrong while a file is imported: by how far it is, as drawn from the seed.

use serde_json::{Value, json};
use tests::World;

use crate::accidents::aws_fault;
use crate::seed::Seed;

/// Somebody is killed once for so many rows, and a few times however small the file is. Each death of the importer takes the
/// fifty chunks with it that are in flight: were there many more, some chunk would die five times, and be given up.
const ROWS_A_KILL: u64 = 10_000;
const LEAST_KILLS: u64 = 2;
/// Calls to AWS go wrong once for so many rows; three in twenty of those are the death of their caller, too.
const ROWS_A_FAULT: u64 = 1_000;
const LEAST_FAULTS: u64 = 10;
/// What a dead worker held comes back after its visibility time-out. At the end it would be waited for, time and again.
const PEACE: u64 = 5_000;

/// Who is killed, each as often as it stands here.
const FUNCTIONS: [&str; 4] = ["import-contacts", "import-contacts", "relay-outbox", "api"];
/// Calls of a chunk, each as often as it stands here: they go wrong, and kill whoever makes them.
const CALLS: [(&str, &str); 6] = [
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "UpdateItem"),
];

enum Accident {
    /// At any moment.
    Kill(&'static str),
    /// At a call.
    Fault(Value),
}

/// What is still to go wrong.
pub(super) struct Accidents {
    /// When so many rows were looked at; the first is last.
    ahead: Vec<(u64, Accident)>,
    /// Functions that were killed at any moment, in all their processes.
    pub(super) kills: u64,
}

impl Accidents {
    /// Those of a file of so many rows.
    pub(super) fn draw(rows: u64, seed: &mut Seed) -> Self {
        let last = rows - PEACE.min(rows / 2);
        // Certain to be met: what the first reader of the file committed and did not send, the relay sends.
        let mut ahead = vec![(0, deadly("dynamodb", "TransactWriteItems", "after"))];
        for _ in 0..LEAST_KILLS.max(rows / ROWS_A_KILL) {
            let kill = if seed.once_in(2) {
                Accident::Kill(seed.of(&FUNCTIONS))
            } else {
                let (service, action) = seed.of(&CALLS);
                deadly(service, action, seed.of(&["before", "after"]))
            };
            ahead.push((seed.between(0, last), kill));
        }
        for _ in 0..LEAST_FAULTS.max(rows / ROWS_A_FAULT) {
            ahead.push((seed.between(0, last), Accident::Fault(aws_fault(seed, &CALLS))));
        }
        ahead.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
        Self { ahead, kills: 0 }
    }

    /// Nothing goes wrong.
    pub(super) fn none() -> Self {
        Self { ahead: Vec::new(), kills: 0 }
    }

    /// Does what is due when so many rows were looked at.
    pub(super) async fn at(&mut self, processed: u64, world: &World) {
        while let Some((_, accident)) = self.ahead.pop_if(|(row, _)| *row <= processed) {
            match accident {
                Accident::Kill(function) => {
                    world.system().kill(function);
                    self.kills += 1;
                }
                Accident::Fault(fault) => world.aws_fault(fault).await,
            }
        }
    }
}

fn deadly(service: &str, action: &str, when: &str) -> Accident {
    Accident::Fault(json!({ "service": service, "action": action, "function": "import-contacts",
        "times": 1, "kill_caller": when }))
}
