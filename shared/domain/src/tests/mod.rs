//! What the table of reactions makes of commands and messages, over the memory adapters.

mod world;
mod publishing;
mod living;
mod listing;
mod syncing;
