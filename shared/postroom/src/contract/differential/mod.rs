//! The same operations on two sets of adapters, drawn from a seed: both have to answer the same.
//!
//! The suites say what an adapter promises; this finds where two of them differ beyond that. The memory adapters stand in
//! for a real store in every simulation, so that a difference is a lie told to all of them.

mod operations;
mod commits;
mod letters;
mod gates;

use std::fmt;

use crate::contract::Adapters;
use crate::contract::differential::operations::Operations;

/// How many operations are drawn from a seed.
const OPERATIONS: usize = 60;

/// The first operation that two sets of adapters answered differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Difference {
    /// What draws the same operations again.
    pub seed: u64,
    /// The operations before it with their answers, and last the one that made the difference.
    pub operations: Vec<String>,
    /// What the first set answered.
    pub left: String,
    /// What the second set answered.
    pub right: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}:", self.seed)?;
        self.operations.iter().try_for_each(|operation| writeln!(f, "  {operation}"))?;
        write!(f, "answered\n  {}\nand\n  {}", self.left, self.right)
    }
}

/// Tries the operations of a seed on both. Each gives **empty** tables.
///
/// # Errors
/// The first difference.
pub async fn compare(seed: u64, left: &Adapters, right: &Adapters) -> Result<(), Box<Difference>> {
    let mut operations = Operations::of(seed);
    let mut done = Vec::new();
    for _ in 0..OPERATIONS {
        let operation = operations.draw();
        let answer = operations.ask(&operation, left).await;
        let other = operations.ask(&operation, right).await;
        done.push(format!("{operation:?} -> {answer}"));
        if answer != other {
            let (left, right) = (answer, other);
            return Err(Box::new(Difference { seed, operations: done, left, right }));
        }
        operations.learn(&operation, &answer);
    }
    Ok(())
}
