//! The business: an agency's campaigns. One folder a slice; decisions are pure, everything else only stages.
//!
//! Start with [`reactions()`], the table of what happens after what. A slice holds its entity, its events, its commands and
//! queries, and the reactions it has to the others' events. Nothing here knows AWS or does I/O.

mod id;
mod money;
mod input;
mod page;
mod object_path;

pub mod ad_provider;
pub mod campaigns;
pub mod timeline;
pub mod notifications;
pub mod plan_limit;
pub mod statistics;
pub mod ledger;
pub mod webhooks;
pub mod payments;
pub mod contacts;
pub mod contact_imports;
pub mod users;
pub mod trials;
pub mod reports;
pub mod activity;
pub mod spreadsheet;

mod reactions;
mod projections;

pub use id::{
    AccountId, CampaignId, ContactId, ContactImportId, OwnerId, ReportId, TransferId, UserId,
};
pub use input::{InvalidInput, Violation};
pub use money::{Currency, InvalidCurrency, Money};
pub use page::PageRequest;
pub use projections::projections;
pub use reactions::{PROJECT_VIEWS, Settings, reactions};

#[cfg(test)]
mod samples;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod tests;
