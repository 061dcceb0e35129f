//! Every error variant decides whether it passes.

use postroom::{Classify, Verdict};

enum PayError {
    Declined,
    BankAsleep,
}

impl Classify for PayError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Declined => Verdict::Permanent,
        }
    }
}

fn main() {
    let _ = PayError::BankAsleep.verdict();
}
