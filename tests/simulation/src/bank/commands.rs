//! What the bank's callers ask for.

use postroom::{Command, Tx};

use crate::bank::error::BankError;
use crate::bank::purse::{CoinsPaidIn, CoinsPaidOut, CoinsReceived, CoinsSent, Purse, PurseOpened};

/// Pays in coins of these values, each an event.
#[derive(Debug, Clone)]
pub(crate) struct PayIn {
    pub(crate) purse: &'static str,
    /// By name and tenant: what is one tenant's names no other.
    pub(crate) owner: String,
    pub(crate) coins: Vec<i64>,
}

/// Pays out, unless there is too little.
#[derive(Debug, Clone)]
pub(crate) struct PayOut {
    pub(crate) purse: &'static str,
    pub(crate) coins: i64,
}

/// Moves coins from one purse to another, as one.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) owner: String,
    pub(crate) coins: i64,
}

/// The first half of a transfer, for those who do it in two.
#[derive(Debug, Clone)]
pub(crate) struct Send(pub(crate) Transfer);

/// The second half.
#[derive(Debug, Clone)]
pub(crate) struct Receive(pub(crate) Transfer);

impl Command for PayIn {
    const NAME: &'static str = "pay-in";
    type Output = String;
    type Error = BankError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, BankError> {
        let Self { purse, owner, coins } = self;
        let Purse { coins: mut left } = open(purse, owner, tx).await?;
        for coins in coins {
            left += coins;
            tx.emit(CoinsPaidIn { purse: (*purse).to_owned(), coins: *coins, left })?;
        }
        Ok(receipt(left, tx))
    }
}

impl Command for PayOut {
    const NAME: &'static str = "pay-out";
    type Output = String;
    type Error = BankError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, BankError> {
        let Self { purse, coins } = *self;
        let left = without(purse, coins, tx).await?;
        tx.emit(CoinsPaidOut { purse: purse.to_owned(), coins, left })?;
        Ok(receipt(left, tx))
    }
}

impl Transfer {
    async fn send(&self, tx: &mut Tx) -> Result<i64, BankError> {
        let Self { from, coins, .. } = *self;
        let left = without(from, coins, tx).await?;
        tx.emit(CoinsSent { purse: from.to_owned(), coins, left })?;
        Ok(left)
    }

    async fn receive(&self, tx: &mut Tx) -> Result<i64, BankError> {
        let Self { to, owner, coins, .. } = self;
        let left = open(to, owner, tx).await?.coins + coins;
        tx.emit(CoinsReceived { purse: (*to).to_owned(), coins: *coins, left })?;
        Ok(left)
    }
}

impl Command for Transfer {
    const NAME: &'static str = "transfer";
    type Output = String;
    type Error = BankError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, BankError> {
        let left = self.send(tx).await?;
        self.receive(tx).await?;
        Ok(receipt(left, tx))
    }
}

impl Command for Send {
    const NAME: &'static str = "send";
    type Output = String;
    type Error = BankError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, BankError> {
        let left = self.0.send(tx).await?;
        Ok(receipt(left, tx))
    }
}

impl Command for Receive {
    const NAME: &'static str = "receive";
    type Output = String;
    type Error = BankError;

    async fn handle(&self, tx: &mut Tx) -> Result<String, BankError> {
        let left = self.0.receive(tx).await?;
        Ok(receipt(left, tx))
    }
}

/// A purse, which is opened where there is none.
async fn open(purse: &str, owner: &str, tx: &mut Tx) -> Result<Purse, BankError> {
    if let Some(found) = tx.aggregate::<Purse>(purse).await? {
        return Ok(found.state);
    }
    tx.emit(PurseOpened { purse: purse.to_owned(), owner: owner.to_owned() })?;
    Ok(Purse::default())
}

/// What is left in a purse without some coins.
async fn without(purse: &str, coins: i64, tx: &mut Tx) -> Result<i64, BankError> {
    let found = tx.aggregate::<Purse>(purse).await?;
    let left = found.map_or(0, |found| found.state.coins) - coins;
    if left < 0 { Err(BankError::TooFew) } else { Ok(left) }
}

/// Different for each transaction: two answers that are equal are one answer.
fn receipt(left: i64, tx: &mut Tx) -> String {
    format!("{left} left: {}", tx.new_id())
}
