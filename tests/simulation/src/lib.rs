//! The business that is simulated: a shop with everything that the kit has, and mistakes to be planted in it.

mod stored;
mod messages;
mod error;
mod commands;
mod listeners;
mod jobs;
mod schedule;
mod shop;

pub use shop::{Mistake, Shop};
