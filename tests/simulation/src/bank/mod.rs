//! The bank: purses that are made of their events, and coins that are neither lost nor made.

mod purse;
mod error;
mod commands;
mod view;

use postroom::port::DeadLetter;
use postroom::simulation::{Business, Contents, Law, Parts, Request};
use postroom::{Aggregate, Projector, Reactions, Stored, StreamId, Worker, reactions};

use crate::bank::commands::{PayIn, PayOut, Receive, Send, Transfer};
use crate::bank::purse::{
    CoinsPaidIn, CoinsPaidOut, CoinsReceived, CoinsSent, Purse, PurseEvent, PurseOpened,
};
use crate::bank::view::{PurseView, VaultView, ViewPurses};

/// How many coins are paid in one by one: soon after that many events a purse has a snapshot.
const MANY: usize = 47;

/// The bank.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bank {
    /// Something that is wrong with it.
    pub mistake: Option<BankMistake>,
}

/// A mistake that people make with event-sourced things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankMistake {
    /// Two purses are saved one after the other.
    TransferInTwo,
}

impl BankMistake {
    /// Every mistake.
    pub const ALL: [Self; 1] = [Self::TransferInTwo];

    /// How it is called on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::TransferInTwo => "transfer-in-two",
        }
    }

    /// The law that it breaks, and words of what is found.
    pub fn breaks(self) -> (Law, &'static str) {
        match self {
            Self::TransferInTwo => (Law::Invariant, "were paid in"),
        }
    }
}

reactions! {
    /// Nothing follows in the bank.
    fn table(bank: &Bank);

    PurseOpened {}
    CoinsPaidIn {}
    CoinsPaidOut {}
    CoinsSent {}
    CoinsReceived {}
}

impl Business for Bank {
    fn reactions(&self) -> Reactions {
        table(self).with_projector("view-purses")
    }

    fn projector(&self, parts: &Parts) -> Option<Projector> {
        Some(parts.projector("view-purses").projection(ViewPurses))
    }

    fn redrives(&self, _: &DeadLetter) -> bool {
        // Of a purse whose event could not be applied nothing more is read.
        false
    }

    fn worker(&self, _: &'static str, _: &Parts) -> Option<Worker> {
        None
    }

    fn requests(&self) -> Vec<Request> {
        let ann = |coins: Vec<i64>| pay_in("ann", "ann of north", coins);
        let bob = |coins: Vec<i64>| pay_in("bob", "bob of north", coins);
        let mut of_north = vec![ann(vec![1; MANY]), ann(vec![5]), pay_out("ann", 3), bob(vec![10])];
        of_north.extend(self.transfer("ann", "bob", "bob of north", 20));
        of_north.extend([ann(vec![2, 2]), bob(vec![1])]);
        of_north.extend(self.transfer("bob", "ann", "ann of north", 7));
        of_north.extend([pay_out("bob", 40), pay_out("ann", 4)]);
        // The same names of purses, keys and chains.
        let cat = |coins: Vec<i64>| pay_in("ann", "cat of south", coins);
        let mut of_south = vec![cat(vec![3]), cat(vec![4, 1]), pay_out("ann", 2)];
        of_south.extend(self.transfer("ann", "bob", "dan of south", 3));
        let north = of_north.into_iter().map(|request| (request, "north"));
        let all = north.chain(of_south.into_iter().map(|request| (request, "south")));
        all.filter_map(|(request, tenant)| Some(request.of(tenant.parse().ok()?))).collect()
    }

    fn always(&self, contents: &Contents) -> Result<(), String> {
        for (stream, history) in contents.histories::<Purse>().iter() {
            adds_up(history)?;
            is_read_as_it_was(contents, stream, history)?;
        }
        the_vault_is_all_purses(contents)?;
        match self.mistake {
            // Who moves coins in two steps knows that in between they are nowhere.
            Some(BankMistake::TransferInTwo) => Ok(()),
            None => nothing_is_lost_or_made(contents),
        }
    }

    fn invariants(&self, contents: &Contents) -> Result<(), String> {
        nothing_is_lost_or_made(contents)?;
        let histories = contents.histories::<Purse>();
        let mut histories = histories.iter();
        histories.try_for_each(|(stream, history)| is_read_whole(contents, stream, history.len()))
    }
}

impl Bank {
    fn transfer(
        self,
        from: &'static str,
        to: &'static str,
        owner: &str,
        coins: i64,
    ) -> Vec<Request> {
        let transfer = Transfer { from, to, owner: owner.to_owned(), coins };
        match self.mistake {
            Some(BankMistake::TransferInTwo) => {
                vec![Request::keyed(Send(transfer.clone())), Request::keyed(Receive(transfer))]
            }
            None => vec![Request::keyed(transfer)],
        }
    }
}

fn pay_in(purse: &'static str, owner: &str, coins: Vec<i64>) -> Request {
    Request::keyed(PayIn { purse, owner: owner.to_owned(), coins })
}

fn pay_out(purse: &'static str, coins: i64) -> Request {
    Request::keyed(PayOut { purse, coins })
}

/// Whether each decision was made by what had happened: what an event says is left is what the events make.
fn adds_up(history: &[PurseEvent]) -> Result<(), String> {
    let mut purse = Purse::default();
    for event in history {
        purse.apply(event);
        let said = event.movement().map_or(purse.coins, |(_, left)| left);
        if said != purse.coins || said < 0 {
            return Err(format!("{said} coins are left where the events make {}", purse.coins));
        }
    }
    Ok(())
}

/// What is read of a purse: how far its events were applied, and what they have made.
fn read(contents: &Contents, stream: &StreamId) -> (u64, PurseView) {
    let place = PurseView::at(stream.as_str());
    let (applied, view) = contents.read_model::<ViewPurses, PurseView>(stream, place);
    (applied, view.unwrap_or_default())
}

/// Whether a view is what the events make that it says were applied.
fn is_read_as_it_was(
    contents: &Contents,
    stream: &StreamId,
    history: &[PurseEvent],
) -> Result<(), String> {
    let (applied, view) = read(contents, stream);
    let known = history.iter().take(usize::try_from(applied).unwrap_or(usize::MAX));
    let coins: i64 = known.clone().filter_map(PurseEvent::movement).map(|(coins, _)| coins).sum();
    if (view.coins, view.events) == (coins, applied) && known.len() as u64 == applied {
        return Ok(());
    }
    let PurseView { coins: found, events, .. } = view;
    Err(format!("{stream} is read as {found} coins after {events} events: {applied} make {coins}"))
}

/// Whether what is read of all purses together is what is read of each.
fn the_vault_is_all_purses(contents: &Contents) -> Result<(), String> {
    let purses = contents.histories::<Purse>();
    let coins: i64 = purses.keys().map(|stream| read(contents, stream).1.coins).sum();
    let vault = contents.read::<ViewPurses, _>(VaultView::default().place()).unwrap_or_default();
    if vault.coins == coins {
        return Ok(());
    }
    Err(format!("{} coins are read of all purses and {coins} of each", vault.coins))
}

/// Whether all events of a purse are applied at the end, or one of them is a dead letter of what is read.
fn is_read_whole(contents: &Contents, stream: &StreamId, events: usize) -> Result<(), String> {
    let (applied, _) = read(contents, stream);
    if applied == events as u64 || contents.is_parked::<ViewPurses>(stream) {
        return Ok(());
    }
    Err(format!("{stream} is read up to {applied} of {events} events"))
}

/// Whether what was paid in and not out is in the purses, as the journal has made them.
fn nothing_is_lost_or_made(contents: &Contents) -> Result<(), String> {
    let paid_in: i64 = contents.committed::<CoinsPaidIn>().iter().map(|paid| paid.coins).sum();
    let paid_out: i64 = contents.committed::<CoinsPaidOut>().iter().map(|paid| paid.coins).sum();
    let histories = contents.histories::<Purse>();
    let movements = histories.values().flatten().filter_map(PurseEvent::movement);
    let there: i64 = movements.map(|(coins, _)| coins).sum();
    if there == paid_in - paid_out {
        return Ok(());
    }
    Err(format!("{there} coins are there where {paid_in} were paid in and {paid_out} out"))
}
