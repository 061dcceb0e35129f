//! The simulator: a business over the memory adapters, while at every await something may go wrong.
//!
//! Start with [`Simulation`]; a [`Business`] is what it runs, a [`Law`] what has to be true whatever happens.
//!
//! Only what goes through a port is seen: what adapters make of a call, and real parallelism, are for the tests on real
//! processes.

mod law;
mod sabotage;
mod choice;
mod world;
mod queues;
mod strangers;
mod evidence;
mod gates;
mod ports;
mod outside;
mod memo;
mod contents;
mod business;
mod callers;
mod processes;
mod wake_ups;
mod run;
mod rest;
mod moves;
mod deliveries;
mod decisions;
mod rebuilding;
mod replays;
mod given_up;
mod tenants;
mod whole;
mod once;
mod kept;
mod decided;
mod check;
mod figures;
mod shrink;
mod simulator;

pub use business::{Business, Parts, Request, Slot};
pub use choice::Fault;
pub use contents::Contents;
pub use figures::Figures;
pub use law::{Law, Violation};
pub use outside::{Outside, OutsideError};
pub use queues::{GivenUp, Received, SimulatedQueue};
pub use sabotage::Sabotage;
pub use simulator::{Failure, Simulation};
pub use world::Line;
