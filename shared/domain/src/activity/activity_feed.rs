//! The projection: the feed of each tenant, made of all that happens.

use postroom::{Envelope, Projection, Reads, Stored, TxError, View};

use crate::activity::ActivityItem;
use crate::activity::activity_item::{OfSubject, OfTenant};
use crate::contacts::Contact;

/// Keeps the list of what happened to a tenant's things, and of each thing its own.
///
/// Contacts are left out: an import of 100,000 would be as many items that nobody reads, among which nothing else is found,
/// and all other read models would be late for it. That it began and what came of it is in the feed; what happened to one contact
/// is its timeline.
#[derive(Debug, Clone, Copy)]
pub struct ActivityFeed;

impl Projection for ActivityFeed {
    const NAME: &'static str = "activity";
    const READS: Reads = Reads::AllBut(&[Contact::COLLECTION]);
    const MAKES: &'static [&'static str] = &[OfTenant::COLLECTION, OfSubject::COLLECTION];
    /// What is in an event is not looked at, so an event of a new kind, or of a newer version than this code knows, is in the
    /// feed as well.
    type Event = ();
    type Error = TxError;

    async fn apply(&self, event: &Envelope<()>, view: &mut View<'_>) -> Result<(), TxError> {
        let item = ActivityItem::of(event);
        // Nothing is loaded: an event is applied once, so neither is there yet.
        view.save(&OfTenant(item.clone()))?;
        view.save(&OfSubject(item))
    }
}
