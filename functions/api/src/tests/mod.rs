//! What callers get, from the gateway's event in to the reply out, over the memory adapters.

mod world;
mod campaigns;
mod ledger;
mod contacts;
mod users;
mod contact_imports;
mod reports;
mod activity;
mod webhooks;
mod accounts;
mod errors;
mod input;
mod ops;
mod replays;
mod decisions;
mod faults;
mod idempotency;
mod document;
mod hostile;
