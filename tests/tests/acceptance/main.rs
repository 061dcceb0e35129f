//! The whole system with the real binaries: what a caller, an operator and an adversary see.
#![expect(clippy::unwrap_used, reason = "tests")]

mod publish;
mod published;
mod campaigns;
mod contacts;
mod http;
mod idempotency;
mod importing;
mod ledger;
mod activity;
mod reporting;
mod settling;
mod reporting_killed;
mod mail;
mod trials;
mod openapi;
mod operator;
mod operator_options;
mod operator_bulk;
mod operator_chains;
mod operator_imports;
mod schedule;
mod traces;
mod views;
mod rebuild;
mod verify;
mod views_agree;
mod crashes;
mod given_up;
mod costs;
mod claims;
mod fixtures;
mod serving;
mod program;
mod restart;
mod provider_down;
