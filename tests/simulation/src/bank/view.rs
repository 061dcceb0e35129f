//! What is read of a purse, made from its events.

use postroom::{Aggregate, Envelope, Place, Projection, Reads, Stored, TxError, View};
use serde::{Deserialize, Serialize};

use crate::bank::purse::{Purse, PurseEvent};

/// A purse as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PurseView {
    pub(crate) stream: String,
    pub(crate) coins: i64,
    /// How many events made it.
    pub(crate) events: u64,
}

impl PurseView {
    pub(crate) fn at(stream: &str) -> Place<Self> {
        Place::new(stream)
    }
}

impl Stored for PurseView {
    const COLLECTION: &'static str = "purse-views";

    fn place(&self) -> Place<Self> {
        Self::at(&self.stream)
    }
}

/// The coins in all purses together, as they are read: whoever applies an event of one of them writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VaultView {
    pub(crate) coins: i64,
}

impl Stored for VaultView {
    const COLLECTION: &'static str = "vault-views";

    fn place(&self) -> Place<Self> {
        Place::new("all")
    }
}

/// Keeps the views of all purses.
#[derive(Debug)]
pub(crate) struct ViewPurses;

impl Projection for ViewPurses {
    const NAME: &'static str = "purse-view";
    const READS: Reads = Reads::Only(&[Purse::STREAM]);
    const MAKES: &'static [&'static str] = &[PurseView::COLLECTION, VaultView::COLLECTION];
    type Event = PurseEvent;
    type Error = TxError;

    async fn apply(
        &self,
        event: &Envelope<PurseEvent>,
        view: &mut View<'_>,
    ) -> Result<(), TxError> {
        let stream = event.subject.clone();
        let found = view.load(&PurseView::at(&stream)).await?.unwrap_or_default();
        let moved = event.data.movement().map_or(0, |(coins, _)| coins);
        let coins = found.coins + moved;
        let vault = view.load(&VaultView::default().place()).await?.unwrap_or_default();
        view.save(&VaultView { coins: vault.coins + moved })?;
        // It does not ask which event it is: that it comes once and in its turn is the kit's promise.
        view.save(&PurseView { stream, coins, events: found.events + 1 })
    }
}
