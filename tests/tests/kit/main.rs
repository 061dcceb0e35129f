//! The kit over its memory adapters: every promise of a command, a transaction, a worker and a chain.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod shop;
mod commands;
mod idempotency;
mod transactions;
mod workers;
mod leases;
mod hanging;
mod gates;
mod backlogs;
mod keys;
mod letters;
mod giving_up;
mod reacting;
mod renewal;
mod stepped;
mod office;
mod office_lists;
mod office_runs;
mod office_interrupted;
mod collecting;
mod overview;
mod tasks;
mod schedules;
mod followers;
mod routes;
mod costs;
mod chains;
mod refusals;
mod order_views;
mod projecting;
mod lines;
mod jars;
mod aggregates;
mod snapshots;
