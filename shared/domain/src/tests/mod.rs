//! What the table of reactions makes of commands and messages, over the memory adapters.

mod provider;
mod world;
mod publishing;
mod budgeting;
mod viewing;
mod transacting;
mod summing;
mod living;
mod listing;
mod syncing;
mod failing;
mod pushing;
mod scheduling;
mod importing;
mod contacting;
mod signing_up;
mod notifying;
mod trying;
mod trying_races;
mod reporting;
mod following;
mod settling;
mod replaying;
