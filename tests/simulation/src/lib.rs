//! The businesses that are simulated, and mistakes to be planted in them: a shop of things that are written over, and a
//! bank whose purses are made of their events.

mod shop;
mod bank;

pub use bank::{Bank, BankMistake};
pub use shop::{Mistake, Shop};
